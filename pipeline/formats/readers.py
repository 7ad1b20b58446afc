"""How values of foreign records are read. What a reader does not understand it hands on: the contract refuses it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from pipeline.decode.structure import MAX_DEPTH, depth

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Words of OpenAI's API → those of the contract.
STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "content_filter": "refusal",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
}


def text(value: Any) -> Any:
    """As text; of an object its `id`."""
    if isinstance(value, dict):
        value = value.get("id")
    return str(value) if type(value) is int else value


def whole(value: Any) -> Any:
    """As an integer, also from a text of digits."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int(value) if isinstance(value, str) and len(value) < 20 and _is_digits(value) else value


def seconds(value: Any) -> Any:
    """Time in seconds since 1970."""
    return _instant(value, 1_000_000)


def milliseconds(value: Any) -> Any:
    """Time in milliseconds since 1970."""
    return _instant(value, 1_000)


def nanoseconds(value: Any) -> Any:
    """Time in nanoseconds since 1970; 0 is none."""
    number = whole(value)
    return None if number == 0 else _instant(number // 1000, 1) if isinstance(number, int) else value


def utc(value: Any) -> Any:
    """Time as text; UTC where it has no offset."""
    if not isinstance(value, str) or len(value) < 19:
        return value
    clock = value[10:]
    return value if clock.endswith(("Z", "z")) or "+" in clock or "-" in clock else f"{value}Z"


def path(value: Any) -> Any:
    """Path without its query, which may hold secrets."""
    return value.partition("?")[0] if isinstance(value, str) else value


def host(value: Any) -> Any:
    """Address without its port."""
    if not isinstance(value, str):
        return value
    if value.startswith("["):
        return value[1:].partition("]")[0]
    return value.partition(":")[0] if value.count(":") == 1 else value


def upper(value: Any) -> Any:
    """In capitals."""
    return value.upper() if isinstance(value, str) else value


def stop_reason(value: Any) -> Any:
    """In the contract's words; of several the first."""
    if isinstance(value, list):
        value = value[0] if value else None
    return STOP_REASONS.get(value, value) if isinstance(value, str) else None


def chat(value: Any) -> Any:
    """Prompt, as text or messages; none where it is neither."""
    value = opened(value)
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or not value or not all(map(_is_message, value)):
        return None
    return [{"role": message["role"], "content": texts(message.get("content"))} for message in value]


def request_body(value: Any) -> Any:
    """Prompt of a request's JSON body: its system prompt and messages, or its text."""
    body = opened(value)
    if not isinstance(body, dict):
        return None
    messages = next((body[name] for name in ("messages", "input", "prompt") if body.get(name)), None)
    system = body.get("system") or body.get("instructions")
    prompt = chat(messages)
    if system is None or prompt is None:
        return prompt
    turns = prompt if isinstance(prompt, list) else [{"role": "user", "content": prompt}]
    return [{"role": "system", "content": texts(system)}, *turns]


def texts(content: Any, key: str = "text") -> str | list[dict[str, str]]:
    """Text of a message, or its parts of type "text", whose text is at `key`: all that a fingerprint is made from."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    told = [part.get(key) for part in parts if isinstance(part, dict) and part.get("type") == "text"]
    return [{"type": "text", "text": text} for text in told if isinstance(text, str)]


def opened(value: Any) -> Any:
    """Parse a text that holds a JSON object or array, no deeper than a record may be; anything else stays as it is."""
    if not isinstance(value, str) or not value.startswith(("{", "[")) or depth(value.encode()) > MAX_DEPTH:
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.MsgspecError:
        return value


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("role"), str)


def _is_digits(value: str) -> bool:
    return value.isascii() and value.isdigit()


def _instant(value: Any, microseconds: int) -> Any:
    """Time text of a number of units of so many microseconds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    try:
        return (EPOCH + timedelta(microseconds=round(value * microseconds))).isoformat()
    except (OverflowError, ValueError):
        return value
