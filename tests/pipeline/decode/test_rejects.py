import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.events import TOPIC_OF_TABLE
from pipeline.decode.fingerprints import SENT
from pipeline.decode.rejects import Rejects
from pipeline.privacy.tokens import Tokens
from tests.pipeline.records import KEY, event

TOKENS = Tokens(KEY)
REJECTS = {table: Rejects(topic.record, TOKENS) for table, topic in TOPIC_OF_TABLE.items()}
MARK = "Xyzzy"


def raw(table, value):
    kept = REJECTS[table].raw(value)
    return None if kept is None else json.loads(kept)


def test_tokens_are_those_of_good_rows():
    kept = raw("signup", event("signup", event_time=5))
    assert kept["email"] == TOKENS.token("email", "ann.doe@example.org")
    assert kept["ip"] == TOKENS.token("ip", "198.51.100.7")
    assert kept["device_id"] == TOKENS.token("device", "device-1")
    assert kept["user_agent"] == "Firefox/140.0"
    assert kept["event_time"] == 5


@pytest.mark.parametrize(
    "wrong", [MARK, [MARK], {"a": {MARK: MARK}}, {"text": [MARK]}, [[[MARK]]]], ids=lambda wrong: json.dumps(wrong)
)
def test_no_wrong_type_of_a_sensitive_field_comes_through(wrong):
    fields = {
        "signup": ("email", "ip", "device_id"),
        "payment": ("card_fingerprint", "billing_name", "billing_postcode"),
        "usage": (*SENT, "api_key_id", "ip", "prompt"),
    }
    for table, names in fields.items():
        kept = REJECTS[table].raw(event(table, **dict.fromkeys(names, wrong)))
        assert kept is not None
        assert MARK not in kept


def test_unknown_fields_and_structures_in_clear_fields_are_left_out():
    kept = raw("usage", event("usage", other=MARK, model={"prompt": MARK}, task=[MARK], status=10**400, endpoint=None))
    assert "other" not in kept
    assert (kept["model"], kept["task"], kept["status"], kept["endpoint"]) == ("<dict>", "<list>", "<int>", None)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{",
        b"[1]",
        b"5",
        b"\xff",
        b"[" * 100_000,
        b'{"status":' + b"1" * 5000 + b"}",
        b'{"model":"\\ud800"}',
        b'{"model":"\xed\xa0\x80"}',
        '{"model":"m"}'.encode("utf-16"),
    ],
    ids=lambda value: repr(value[:12]),
)
def test_what_cannot_be_read_or_written_has_no_raw(value):
    assert REJECTS["usage"].raw(value) is None


def test_of_repeated_names_none_comes_through():
    value = f'{{"email":"{MARK}1@x.org","\\u0065mail":"{MARK}2@x.org","ip":["{MARK}"],"\\u0069p":"{MARK}"}}'.encode()
    kept = REJECTS["signup"].raw(value)
    assert kept is not None
    assert MARK not in kept


@given(st.binary())
def test_no_bytes_are_an_error(value):
    REJECTS["usage"].raw(value)
    REJECTS["usage"].raw(b'{"ip":' + value + b"}")
