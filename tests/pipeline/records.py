"""Valid events of every kind, for tests to change, and batches of them."""

import json
from typing import Any

from pipeline.contract.events import TOPIC_OF_TABLE
from pipeline.privacy.keyfile import Key
from pipeline.sources.batch import PolledBatch, Span

KEY = Key(bytes(range(32)))
COMMON = {"event_id": "ev-1", "event_time": "2026-06-14T23:59:57.990Z", "account_id": "acct-1"}
GOOD: dict[str, dict[str, Any]] = {
    "signup": COMMON
    | {
        "email": "Ann.Doe+news@Example.org",
        "ip": "198.51.100.7",
        "user_agent": "Firefox/140.0",
        "device_id": "device-1",
        "program": "free_trial",
        "country": "FR",
    },
    "payment": COMMON
    | {
        "payment_method": "card",
        "outcome": "succeeded",
        "card_fingerprint": "card-1",
        "amount_minor": 500,
        "currency": "EUR",
        "billing_postcode": "75011",
        "billing_name": "Ann Doe",
    },
    "usage": COMMON
    | {
        "api_key_id": "key-1",
        "ip": "2001:db8:1:2:3:4:5:6",
        "model": "atlas-large-2",
        "endpoint": "/v1/messages",
        "status": 200,
        "user_agent": "python-httpx/0.28.1",
        "input_tokens": 468,
        "output_tokens": 27,
        "temperature": 0.5,
        "system_hash": "ad7e1bee1aed8818",
        "prompt_template_hash": "5888b80331754557",
        "conversation_prefix_hash": "00fc4389761a48cf",
        "prompt_minhash": list(range(1, 17)),
    },
    "action": COMMON | {"action": "banned", "reason": "card testing", "actor": "trust"},
}


def content(table: str, **changes: Any) -> dict[str, Any]:
    """A valid event with other values; `...` takes a field away."""
    return {name: value for name, value in (GOOD[table] | changes).items() if value is not ...}


def event(table: str, **changes: Any) -> bytes:
    """The same as JSON."""
    return json.dumps(content(table, **changes)).encode()


def polled(
    table: str,
    values: list[bytes | None],
    *,
    start: int = 0,
    times: list[int] | None = None,
    keys: list[bytes | None] | None = None,
) -> PolledBatch:
    """The values as a batch of partition 0, at consecutive offsets from `start`."""
    topic = TOPIC_OF_TABLE[table].name
    span = Span(table, topic, "topic-id", 0, "topic-id/0", start, start + len(values))
    return PolledBatch(span, list(range(start, span.end)), values, keys, times)
