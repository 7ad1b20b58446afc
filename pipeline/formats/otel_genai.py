"""OpenTelemetry: GenAI inference events among log records, in OTLP's JSON encoding as collectors write it to Kafka.

Sources: the event gen_ai.client.inference.operation.details (opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-events)
and opentelemetry/proto/logs/v1/logs.proto, whose 64-bit integers are texts in JSON.
"""

from collections.abc import Iterator
from typing import Any

from pipeline.formats.mapping import Format, Item, at
from pipeline.formats.readers import nanoseconds, opened, path, stop_reason, text, texts, whole

EVENT = "gen_ai.client.inference.operation.details"
FAILED = 500  # of an error whose HTTP status is not told

ABOUT = """\
A record is one export in OTLP/JSON (`otlp_json` of the collector's Kafka exporter) and may hold many log records. Those
of the event `gen_ai.client.inference.operation.details` are mapped, others are passed over; an export without any is
`irrelevant`. Who called is no part of the GenAI conventions: add the attributes `user.id`, `client.address` and
`api_key.id` where you serve the model. Without `http.response.status_code`, an operation without `error.type` is a 200,
and an error that is no number a 500."""


def event_id(log: dict[str, Any]) -> Any:
    """`log.record.uid`, else `gen_ai.response.id`, else trace and span of the operation."""
    told = log["attributes"].get("log.record.uid") or log["attributes"].get("gen_ai.response.id")
    return told or (f"{log['traceId']}/{log['spanId']}" if log["traceId"] and log["spanId"] else None)


def status(log: dict[str, Any]) -> Any:
    """`http.response.status_code`, else what `error.type` says of it."""
    told = log["attributes"].get("http.response.status_code")
    if told is not None:
        return whole(told)
    error = whole(log["attributes"].get("error.type"))
    return 200 if error is None else error if isinstance(error, int) else FAILED


def prompt(log: dict[str, Any]) -> Any:
    """`gen_ai.system_instructions`, then `gen_ai.input.messages`."""
    system = opened(log["attributes"].get("gen_ai.system_instructions"))
    messages = opened(log["attributes"].get("gen_ai.input.messages"))
    turns = [{"role": "system", "content": texts(system, "content")}] if system else []
    for message in messages if isinstance(messages, list) else []:
        if isinstance(message, dict) and isinstance(message.get("role"), str):
            turns.append({"role": message["role"], "content": texts(message.get("parts"), "content")})
    return turns or None


SHAPES = {
    EVENT: {
        "event_id": at("", read=event_id),
        "event_time": at("/timeUnixNano", "/observedTimeUnixNano", read=nanoseconds),
        "account_id": at("/attributes/user.id", read=text),
        "api_key_id": at("/attributes/api_key.id", read=text),
        "ip": at("/attributes/client.address"),
        "model": at("/attributes/gen_ai.request.model"),
        "endpoint": at("/attributes/url.path", "/attributes/gen_ai.operation.name", read=path),
        "status": at("", read=status),
        "user_agent": at("/attributes/user_agent.original"),
        "input_tokens": at("/attributes/gen_ai.usage.input_tokens", read=whole),
        "output_tokens": at("/attributes/gen_ai.usage.output_tokens", read=whole),
        "max_tokens": at("/attributes/gen_ai.request.max_tokens", read=whole),
        "temperature": at("/attributes/gen_ai.request.temperature"),
        "stop_reason": at("/attributes/gen_ai.response.finish_reasons", read=stop_reason),
        "prompt": at("", read=prompt),
    }
}


def items(record: Any) -> Iterator[Item]:
    """Yield every log record of the event, its attributes as one object."""
    for i, resource in _listed(record, "resourceLogs"):
        for j, scope in _listed(resource, "scopeLogs"):
            for k, log in _listed(scope, "logRecords"):
                attributes = _attributes(log)
                if EVENT in (log.get("eventName"), attributes.get("event.name")):
                    content = {name: log.get(name) for name in ("timeUnixNano", "observedTimeUnixNano")}
                    content |= {name: log.get(name) for name in ("traceId", "spanId")}
                    content |= {"attributes": attributes, "resource": _attributes(resource.get("resource"))}
                    yield Item(EVENT, content, f"$.resourceLogs[{i}].scopeLogs[{j}].logRecords[{k}]")


def _listed(parent: Any, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Objects of the list `name` with their places."""
    children = parent.get(name) if isinstance(parent, dict) else None
    for place, child in enumerate(children if isinstance(children, list) else []):
        if isinstance(child, dict):
            yield place, child


def _attributes(holder: Any, name: str = "attributes") -> dict[str, Any]:
    """Key → value of a list of KeyValue."""
    pairs = [pair for _, pair in _listed(holder, name)]
    return {pair["key"]: _value(pair.get("value")) for pair in pairs if isinstance(pair.get("key"), str)}


def _value(value: Any) -> Any:
    """Value of an AnyValue."""
    if not isinstance(value, dict):
        return None
    if "intValue" in value:
        return whole(value["intValue"])
    if "arrayValue" in value:
        return [_value(element) for _, element in _listed(value["arrayValue"], "values")]
    if "kvlistValue" in value:
        return _attributes(value["kvlistValue"], "values")
    return next((value[kind] for kind in ("stringValue", "boolValue", "doubleValue") if kind in value), None)


FORMAT = Format(
    "usage",
    SHAPES,
    items,
    ABOUT,
    (
        "opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-events",
        "github.com/open-telemetry/opentelemetry-proto: opentelemetry/proto/logs/v1/logs.proto",
    ),
)
