"""Envoy AI Gateway: access log entries as JSON, with the keys that its documentation configures.

Source: aigateway.envoyproxy.io/docs/capabilities/observability/accesslogs. What is named as in OpenTelemetry since
January 2026 was called genai_… before. Account and key are no part of that example: the gateway's configuration adds
them.
"""

from collections.abc import Iterator
from typing import Any

from pipeline.formats.mapping import ABSENT, Format, Item, at
from pipeline.formats.readers import host, path, text, utc, whole

ABOUT = """\
Add two keys to the documented access log format, from headers that your gateway sets once it has authenticated the
client, and never takes from clients:

```yaml
account_id: "%REQ(X-ACCOUNT-ID)%"
api_key_id: "%REQ(X-API-KEY-ID)%"
```

The address is the one Envoy trusts (`downstream_remote_address`): clients write `x-forwarded-for` as they like. Entries
without a model (MCP, health checks) are `irrelevant`."""

MODEL = ("gen_ai.request.model", "genai_model_name")
SHAPES = {
    "access log entry": {
        "event_id": at("/x-request-id", read=text),
        "event_time": at("/start_time", read=utc),
        "account_id": at("/account_id", read=text),
        "api_key_id": at("/api_key_id", read=text),
        "ip": at("/downstream_remote_address", read=host),
        "model": at(*(f"/{name}" for name in MODEL)),
        "endpoint": at("/x-envoy-origin-path", read=path),
        "status": at("/response_code", read=whole),
        "user_agent": at("/user-agent"),
        "input_tokens": at("/gen_ai.usage.input_tokens", "/genai_tokens_input", read=whole),
        "output_tokens": at("/gen_ai.usage.output_tokens", "/genai_tokens_output", read=whole),
    }
}


def items(record: Any) -> Iterator[Item]:
    """Yield the entry itself if it is a call of a model."""
    if isinstance(record, dict) and any(record.get(name) not in ABSENT for name in MODEL):
        yield Item("access log entry", record)


FORMAT = Format("usage", SHAPES, items, ABOUT, ("aigateway.envoyproxy.io/docs/capabilities/observability/accesslogs",))
