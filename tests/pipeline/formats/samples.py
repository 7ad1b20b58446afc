"""Foreign records shaped as their documentation says, with values of our own."""

import copy
import json
from typing import Any

from pipeline.decode.decoder import Decoder
from pipeline.decode.reading import Reading
from pipeline.formats import FORMATS
from pipeline.privacy.tokens import Tokens
from tests.pipeline.decode.test_decoder import NOW
from tests.pipeline.records import KEY, polled

SECRET = "Zanzibar"  # stands in every prompt below

LITELLM = {
    "id": "chatcmpl-1",
    "trace_id": "trace-1",
    "call_type": "acompletion",
    "stream": False,
    "response_cost": 0.00001,
    "status": "success",
    "custom_llm_provider": "openai",
    "total_tokens": 30,
    "prompt_tokens": 20,
    "completion_tokens": 10,
    "startTime": 1781481597.25,
    "endTime": 1781481598.5,
    "model": "atlas-2-deployment",
    "model_id": "m-1",
    "model_group": "atlas-large-2",
    "api_base": "https://upstream.example",
    "metadata": {
        "user_api_key_hash": "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
        "user_api_key_alias": None,
        "user_api_key_team_id": "team-1",
        "user_api_key_user_id": "user-1",
        "user_api_key_request_route": "/v1/chat/completions",
        "requester_ip_address": "198.51.100.7",
        "spend_logs_metadata": None,
    },
    "cache_hit": False,
    "request_tags": ["User-Agent: OpenAI", "User-Agent: OpenAI/Python 1.109.1", "batch"],
    "end_user": "",
    "requester_ip_address": "198.51.100.7",
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"Where is {SECRET} today?"}],
    "response": {"choices": [{"finish_reason": "length", "message": {"role": "assistant", "content": "Far away"}}]},
    "error_information": None,
    "model_parameters": {"temperature": 0.5, "max_tokens": 100},
    "hidden_params": {"additional_headers": {}},
}
SPEND_LOG = {
    "request_id": "chatcmpl-2",
    "call_type": "acompletion",
    "api_key": "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
    "spend": 0.00001,
    "total_tokens": 30,
    "prompt_tokens": 20,
    "completion_tokens": 10,
    "startTime": "2026-06-14 23:59:57.250",
    "endTime": "2026-06-14 23:59:58.500",
    "model": "atlas-2-deployment",
    "model_group": "atlas-large-2",
    "api_base": "https://upstream.example",
    "user": "user-1",
    "metadata": '{"user_api_key_request_route": "/v1/chat/completions", "error_information": null}',
    "cache_hit": "False",
    "cache_key": "Cache OFF",
    "request_tags": '["User-Agent: OpenAI/Python 1.109.1"]',
    "team_id": "team-1",
    "end_user": "",
    "requester_ip_address": "198.51.100.7",
    "messages": {},
    "response": {},
    "proxy_server_request": json.dumps({"messages": [{"role": "user", "content": SECRET}], "max_tokens": 100}),
    "status": "success",
}
ENVOY = {
    ":authority": "api.provider.example",
    "account_id": "user-1",
    "api_key_id": "key-1",
    "bytes_received": 105,
    "bytes_sent": 432,
    "connection_termination_details": None,
    "downstream_local_address": "10.0.0.1:1975",
    "downstream_remote_address": "198.51.100.7:64484",
    "duration": 1526,
    "gen_ai.provider.name": "default/upstream/route/r/rule/0/ref/0",
    "gen_ai.request.model": "atlas-large-2",
    "gen_ai.request.model_override": None,
    "gen_ai.usage.input_tokens": 20,
    "gen_ai.usage.output_tokens": 10,
    "gen_ai.usage.total_tokens": 30,
    "method": "POST",
    "protocol": "HTTP/1.1",
    "response_code": 200,
    "response_code_details": "via_upstream",
    "response_flags": "-",
    "start_time": "2026-06-14T23:59:57.250Z",
    "user-agent": "curl/8.7.1",
    "x-envoy-origin-path": f"/v1/chat/completions?key={SECRET}",
    "x-forwarded-for": "203.0.113.9",
    "x-request-id": "83b63da3-45a9-4196-98b8-1a7f697d6d8d",
}
# As documented before 2026.
ENVOY_BEFORE = {name: value for name, value in ENVOY.items() if not name.startswith("gen_ai.")} | {
    "genai_backend_name": "default/upstream/route/r/rule/0/ref/0",
    "genai_model_name": "atlas-large-2",
    "genai_model_name_override": None,
    "genai_tokens_input": 20,
    "genai_tokens_output": 10,
    "genai_tokens_total": 30,
}
KONG = {
    "workspace_name": "default",
    "source": "upstream",
    "upstream_uri": "/v1/chat/completions",
    "client_ip": "198.51.100.7",
    "started_at": 1781481597250,
    "request": {
        "id": "9ec9264afbbbad5fe5c64877d92eeb04",
        "uri": f"/v1/chat/completions?key={SECRET}",
        "url": "https://api.provider.example/v1/chat/completions",
        "method": "POST",
        "size": 323,
        "querystring": {"key": SECRET},
        "headers": {"user-agent": "curl/8.7.1", "authorization": "REDACTED"},
    },
    "response": {"status": 200, "size": 900, "headers": {"x-kong-request-id": "9ec9264afbbbad5fe5c64877d92eeb04"}},
    "consumer": {"id": "c511b2b9-056c-429f-bff7-6dca0562d380", "custom_id": "user-1", "username": "ann"},
    "authenticated_entity": {"id": "a9064f96-d17a-4c3d-8330-d23a0d233089"},
    "route": {"name": "chat"},
    "ai": {
        "proxy": {
            "payload": {"request": json.dumps({"model": "atlas", "messages": [{"role": "user", "content": SECRET}]})},
            "usage": {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30, "cost": 0.0038},
            "meta": {"request_model": "atlas-large-2", "response_model": "atlas", "provider_name": "openai"},
        }
    },
}


def attributes(**values: dict[str, Any]) -> list[dict[str, Any]]:
    """KeyValues; `__` in a name is a dot."""
    return [{"key": name.replace("__", "."), "value": value} for name, value in values.items()]


def text_part(content: str) -> dict[str, Any]:
    pairs = attributes(type={"stringValue": "text"}, content={"stringValue": content})
    return {"kvlistValue": {"values": pairs}}


LOG_RECORD = {
    "timeUnixNano": "1781481597250000000",
    "observedTimeUnixNano": "1781481599000000000",
    "severityNumber": 9,
    "eventName": "gen_ai.client.inference.operation.details",
    "traceId": "5b8efff798038103d269b633813fc60c",
    "spanId": "eee19b7ec3c1b174",
    "attributes": attributes(
        gen_ai__operation__name={"stringValue": "chat"},
        gen_ai__request__model={"stringValue": "atlas-large-2"},
        gen_ai__request__max_tokens={"intValue": "100"},
        gen_ai__request__temperature={"doubleValue": 0.5},
        gen_ai__response__id={"stringValue": "chatcmpl-1"},
        gen_ai__response__finish_reasons={"arrayValue": {"values": [{"stringValue": "stop"}]}},
        gen_ai__usage__input_tokens={"intValue": "20"},
        gen_ai__usage__output_tokens={"intValue": 10},
        gen_ai__system_instructions={"arrayValue": {"values": [text_part("Be brief.")]}},
        gen_ai__input__messages={
            "arrayValue": {
                "values": [
                    {
                        "kvlistValue": {
                            "values": attributes(
                                role={"stringValue": "user"}, parts={"arrayValue": {"values": [text_part(SECRET)]}}
                            )
                        }
                    }
                ]
            }
        },
        user__id={"stringValue": "user-1"},
        api_key__id={"stringValue": "key-1"},
        client__address={"stringValue": "198.51.100.7"},
        url__path={"stringValue": "/v1/chat/completions"},
        user_agent__original={"stringValue": "curl/8.7.1"},
    ),
}
OTHER_LOG_RECORD = {"timeUnixNano": "1781481597000000000", "severityText": "INFO", "body": {"stringValue": SECRET}}


def otlp(*logs: dict[str, Any]) -> dict[str, Any]:
    """An export of log records of one service."""
    scope = {"scope": {"name": "gateway"}, "logRecords": list(logs)}
    resource = {"attributes": attributes(service__name={"stringValue": "gateway"})}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [scope]}]}


CHARGE = {
    "id": "ch_1",
    "object": "charge",
    "amount": 500,
    "amount_refunded": 0,
    "billing_details": {
        "address": {"city": "Paris", "country": "FR", "postal_code": "75011"},
        "email": "ann@example.org",
        "name": "Ann Doe",
    },
    "created": 1781481590,
    "currency": "eur",
    "customer": "cus_1",
    "metadata": {"account_id": "user-1"},
    "payment_method_details": {
        "card": {
            "brand": "visa",
            "country": "FR",
            "fingerprint": "Xt5EWLLDS7FJjR1c",
            "funding": "credit",
            "last4": "4242",
        },
        "type": "card",
    },
    "status": "succeeded",
}


def stripe(kind: str, thing: dict[str, Any]) -> dict[str, Any]:
    """An event about `thing`."""
    return {
        "id": "evt_1",
        "object": "event",
        "api_version": "2025-09-30.clover",
        "created": 1781481597,
        "data": {"object": thing},
        "livemode": True,
        "pending_webhooks": 1,
        "type": kind,
    }


STRIPE = stripe("charge.succeeded", CHARGE)
SAMPLES: dict[str, list[Any]] = {
    "litellm": [LITELLM, SPEND_LOG],
    "envoy": [ENVOY, ENVOY_BEFORE | {"x-request-id": "83b63da3-45a9-4196-98b8-1a7f697d6d8e"}],
    "kong": [KONG],
    "otel-genai": [otlp(OTHER_LOG_RECORD, LOG_RECORD)],
    "stripe": [STRIPE],
}


def decode(name: str, *records: Any, moved: dict[str, str] | None = None) -> tuple[list[Any], list[Any]]:
    """Rows and rejects of records; bytes are taken as they are."""
    table = FORMATS[name].table
    values = [record if isinstance(record, bytes) else json.dumps(record).encode() for record in records]
    decoded = decoder(name, moved).decode(polled(table, values), NOW)
    return decoded.rows.to_pylist(), decoded.rejected.to_pylist()


def decoder(name: str, moved: dict[str, str] | None = None) -> Decoder:
    """A decoder of the format's table."""
    table = FORMATS[name].table
    return Reading({table: name}, {name: moved or {}}).decoder(table, Tokens(KEY))


def changed(record: Any, pointer: str, value: Any) -> Any:
    """A copy with another value at the pointer; `...` takes it away."""
    made = copy.deepcopy(record)
    *path, last = pointer.strip("/").split("/")
    inner = made
    for key in path:
        inner = inner[int(key)] if isinstance(inner, list) else inner[key]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return made
