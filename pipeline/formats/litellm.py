"""LiteLLM: the standard logging payload of its callbacks, and rows of its spend logs.

Sources: docs.litellm.ai/docs/proxy/logging_spec (StandardLoggingPayload) and the table LiteLLM_SpendLogs
(SpendLogsPayload in litellm/proxy/_types.py), whose JSON columns are texts in some exports.
"""

from collections.abc import Iterator
from typing import Any

from pipeline.formats.mapping import Format, Item, at
from pipeline.formats.readers import chat, opened, path, seconds, stop_reason, text, utc, whole

REDACTED = "redacted-by-litellm"  # what turn_off_message_logging writes in place of every content
OPENED = ("metadata", "messages", "response", "request_tags", "proxy_server_request")
USER_AGENT_TAG = "User-Agent: "
FAILED = 500  # of a failure whose HTTP status is not told

ABOUT = """\
Send `standard_logging_object` of a callback, one JSON object a record, or rows of the spend logs. The account is the
user of the virtual key; name another field where your accounts are teams or end users. A failure without a code is a
500. Prompts that LiteLLM redacted are none."""


def status(record: Any) -> Any:
    """HTTP status: 200, or the error's code; 500 where a failure has none."""
    if not isinstance(record, dict) or record.get("status") in (None, "success"):
        return 200
    metadata = record.get("metadata")
    told = record.get("error_information") or (
        metadata.get("error_information") if isinstance(metadata, dict) else None
    )
    code = whole(told.get("error_code")) if isinstance(told, dict) else None
    return code if isinstance(code, int) else FAILED


def prompt(value: Any) -> Any:
    """Prompt, as text or messages; none where it was redacted."""
    found = chat(value)
    contents = [message["content"] for message in found] if isinstance(found, list) else [found]
    return None if REDACTED in contents else found


def user_agent(value: Any) -> Any:
    """User agent; of tags, the longest that names one."""
    if not isinstance(value, list):
        return value
    tags = [
        tag.removeprefix(USER_AGENT_TAG) for tag in value if isinstance(tag, str) and tag.startswith(USER_AGENT_TAG)
    ]
    return max(tags, key=len, default=None)


BOTH = {
    "model": at("/model_group", "/model"),
    "status": at("", read=status),
    "user_agent": at("/metadata/user_agent", "/request_tags", read=user_agent),
    "input_tokens": at("/prompt_tokens", read=whole),
    "output_tokens": at("/completion_tokens", read=whole),
    "stop_reason": at("/response/choices/0/finish_reason", "/response/stop_reason", read=stop_reason),
}
SHAPES = {
    "standard logging payload": {
        "event_id": at("/id", read=text),
        "event_time": at("/startTime", read=seconds),
        "account_id": at("/metadata/user_api_key_user_id", read=text),
        "api_key_id": at("/metadata/user_api_key_hash"),
        "ip": at("/requester_ip_address", "/metadata/requester_ip_address"),
        "endpoint": at("/metadata/user_api_key_request_route", "/call_type", read=path),
        "max_tokens": at("/model_parameters/max_tokens", "/model_parameters/max_completion_tokens", read=whole),
        "temperature": at("/model_parameters/temperature"),
        "prompt": at("/messages", read=prompt),
    }
    | BOTH,
    "spend log": {
        "event_id": at("/request_id", read=text),
        "event_time": at("/startTime", read=utc),
        "account_id": at("/user", read=text),
        "api_key_id": at("/api_key"),
        "ip": at("/requester_ip_address"),
        "endpoint": at("/metadata/user_api_key_request_route", "/call_type", read=path),
        "max_tokens": at("/proxy_server_request/max_tokens", read=whole),
        "temperature": at("/proxy_server_request/temperature"),
        "prompt": at("/messages", "/proxy_server_request/messages", read=prompt),
    }
    | BOTH,
}


def items(record: Any) -> Iterator[Item]:
    """Yield the record itself: it is one call."""
    if not isinstance(record, dict):
        return
    if "request_id" in record:
        yield Item("spend log", record | {name: opened(record.get(name)) for name in OPENED})
    elif "call_type" in record:
        yield Item("standard logging payload", record)


FORMAT = Format(
    "usage",
    SHAPES,
    items,
    ABOUT,
    ("docs.litellm.ai/docs/proxy/logging_spec", "github.com/BerriAI/litellm: litellm/proxy/_types.py"),
)
