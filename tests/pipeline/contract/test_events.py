from datetime import UTC, datetime

import msgspec
import pytest

from pipeline.contract.events import MINHASH_SLOTS, TOPICS, Action, Event, Payment, Signup, Usage

# The published example of a request, as a producer sends it.
USAGE = """
{"event_id":"ev-646d6a7e","event_time":"2026-06-14T23:59:57.990Z","account_id":"acct_da54151974af",
 "api_key_id":"key_104f6df0f4","ip":"47.30.49.146","user_agent":"python-httpx/0.28.1",
 "ja4":"t13d301000_01455d0db58d_5ac7197df9d2","model":"atlas-large-2","endpoint":"/v1/messages","status":200,
 "stop_reason":"end_turn","input_tokens":468,"output_tokens":27,"max_tokens":8192,"temperature":0.0,
 "system_hash":"ad7e1bee1aed8818","prompt_template_hash":"5888b80331754557",
 "conversation_prefix_hash":"00fc4389761a48cf","task":"vision",
 "prompt_minhash":[37422715,36124695,16527476,5473434,74777975,19555574,28447296,68879066,53947463,24631383,
 110016877,4849582,23079454,17723036,51608287,27317876]}
"""
COMMON = {"event_id": "e", "event_time": "2026-06-14T23:59:57+02:00", "account_id": "a"}
LEAST: dict[type[Event], dict[str, object]] = {
    Signup: {"email": "a@b.example", "ip": "192.0.2.1", "user_agent": ""},
    Payment: {"payment_method": "card", "outcome": "succeeded"},
    Usage: {"api_key_id": "k", "ip": "192.0.2.1", "model": "m", "endpoint": "/", "status": 429},
    Action: {"action": "banned"},
}
EVERY_RECORD = pytest.mark.parametrize("record", LEAST, ids=lambda record: record.__name__)


def decode(record: type[Event], fields: dict[str, object]) -> Event:
    return msgspec.json.decode(msgspec.json.encode(fields), type=record)


def test_the_published_example_is_read_whole() -> None:
    event = msgspec.json.decode(USAGE, type=Usage)
    again = msgspec.structs.asdict(event)
    sent = msgspec.json.decode(USAGE) | {"event_time": datetime(2026, 6, 14, 23, 59, 57, 990_000, tzinfo=UTC)}
    assert {name: again[name] for name in sent} == sent
    assert [name for name in again if again[name] is None] == ["prompt"]


@EVERY_RECORD
def test_the_required_fields_are_enough(record: type[Event]) -> None:
    event = decode(record, COMMON | LEAST[record])
    assert event.event_time.utcoffset() is not None


@EVERY_RECORD
def test_each_required_field_is_missed(record: type[Event]) -> None:
    whole = COMMON | LEAST[record]
    for name in whole:
        with pytest.raises(msgspec.ValidationError, match=f"missing required field `{name}`"):
            decode(record, {key: value for key, value in whole.items() if key != name})


@EVERY_RECORD
def test_fields_we_do_not_know_are_no_error(record: type[Event]) -> None:
    assert decode(record, COMMON | LEAST[record] | {"added_later": {"deep": [1]}}) == decode(
        record, COMMON | LEAST[record]
    )


@pytest.mark.parametrize(
    ("record", "wrong"),
    [
        (Action, {"event_time": "2026-06-14T23:59:57"}),
        (Action, {"event_id": ""}),
        (Action, {"event_id": "x" * 129}),
        (Action, {"account_id": 7}),
        (Action, {"action": "shot"}),
        (Payment, {"amount_minor": 2**63}),
        (Payment, {"amount_minor": 1.5}),
        (Usage, {"status": -1}),
        (Usage, {"status": "200"}),
        (Usage, {"input_tokens": -1}),
        (Usage, {"prompt_minhash": [0] * (MINHASH_SLOTS - 1)}),
        (Usage, {"prompt_minhash": [2**32] * MINHASH_SLOTS}),
        (Usage, {"prompt": [{"content": "no role"}]}),
    ],
    ids=str,
)
def test_a_value_outside_the_contract_is_refused(record: type[Event], wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(record, COMMON | LEAST[record] | wrong)


@pytest.mark.parametrize("prompt", ["text", [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]], ids=str)
def test_a_prompt_is_text_or_messages(prompt: object) -> None:
    assert decode(Usage, COMMON | LEAST[Usage] | {"prompt": prompt}) != decode(Usage, COMMON | LEAST[Usage])


def test_each_topic_has_a_table_of_its_own() -> None:
    assert len({topic.name for topic in TOPICS}) == len({topic.table for topic in TOPICS}) == len(TOPICS)
    assert {topic.record for topic in TOPICS} == LEAST.keys()
