"""Kong: what its plugin kafka-log writes of requests that AI Proxy served, one object a request or an array of them.

Sources: developer.konghq.com/plugins/kafka-log and developer.konghq.com/ai-gateway/ai-audit-log-reference; before 3.9
the counts were called prompt_token and completion_token, and the request's payload lay beside the plugins.
"""

from collections.abc import Iterator
from typing import Any

from pipeline.formats.mapping import Format, Item, at, look_up
from pipeline.formats.readers import milliseconds, path, request_body, text, whole

ABOUT = """\
The account is the consumer's id; where your own id is the consumer's `custom_id`, name `/consumer/custom_id`. Prompts
are there when AI Proxy logs payloads. Requests that no AI Proxy served are `irrelevant`."""

# Of texts; of texts before 3.9; of images and sounds since 3.11.
READ = ("prompt_tokens", "prompt_token", "input_tokens")
WRITTEN = ("completion_tokens", "completion_token", "output_tokens")
SHAPES = {
    "request": {
        "event_id": at("/request/id", "/response/headers/x-kong-request-id", read=text),
        "event_time": at("/started_at", read=milliseconds),
        "account_id": at("/consumer/id", "/authenticated_entity/consumer_id", read=text),
        "api_key_id": at("/authenticated_entity/id", read=text),
        "ip": at("/client_ip"),
        "model": at("/ai/proxy/meta/request_model"),
        "endpoint": at("/request/uri", read=path),
        "status": at("/response/status", read=whole),
        "user_agent": at("/request/headers/user-agent"),
        "input_tokens": at(*(f"/ai/proxy/usage/{name}" for name in READ), read=whole),
        "output_tokens": at(*(f"/ai/proxy/usage/{name}" for name in WRITTEN), read=whole),
        "prompt": at("/ai/proxy/payload/request", "/ai/payload/request", read=request_body),
    }
}


def items(record: Any) -> Iterator[Item]:
    """Yield every request that an AI Proxy served."""
    batched = isinstance(record, list)
    for number, request in enumerate(record if batched else [record]):
        if isinstance(look_up(request, ("ai", "proxy")), dict):
            yield Item("request", request, f"$[{number}]" if batched else "$")


FORMAT = Format(
    "usage",
    SHAPES,
    items,
    ABOUT,
    ("developer.konghq.com/plugins/kafka-log", "developer.konghq.com/ai-gateway/ai-audit-log-reference"),
)
