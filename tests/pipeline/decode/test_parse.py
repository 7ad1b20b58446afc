import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.contract.events import TOPIC_OF_TABLE
from pipeline.decode.parse import MAX_BYTES, Parser
from pipeline.decode.reasons import Reason
from tests.pipeline.records import GOOD, content, event

PARSERS = {table: Parser(topic.record) for table, topic in TOPIC_OF_TABLE.items()}
SIGNUP = event("signup")


def problem_of(table, value):
    parsed = PARSERS[table].parse([value])
    assert parsed.places == []
    return parsed.problems[0]


def added(table, json_text):
    """A valid event with raw JSON text after its fields."""
    return event(table)[:-1] + b", " + json_text + b"}"


@pytest.mark.parametrize("table", GOOD)
def test_valid_events_pass(table):
    parsed = PARSERS[table].parse([event(table)] * 3)
    assert parsed.places == [0, 1, 2]
    assert parsed.problems == {}
    assert parsed.columns["account_id"] == ("acct-1",) * 3


MINHASH = list(range(16))


@pytest.mark.parametrize(
    ("table", "value", "reason", "path"),
    [
        ("signup", None, Reason.TOMBSTONE, "$"),
        ("signup", SIGNUP + b" " * (MAX_BYTES + 1 - len(SIGNUP)), Reason.TOO_LARGE, "$"),
        ("signup", b"\xff\xfe", Reason.NOT_UTF8, "$"),
        ("signup", added("signup", b'"other":"\xed\xa0\x80"'), Reason.NOT_UTF8, "$"),
        ("signup", b"", Reason.NOT_JSON, "$"),
        ("signup", b"{", Reason.NOT_JSON, "$"),
        ("signup", SIGNUP[:-1], Reason.NOT_JSON, "$"),
        ("signup", SIGNUP + b"x", Reason.NOT_JSON, "$"),
        ("signup", b'{"event_id":5,' + SIGNUP, Reason.NOT_JSON, "$"),
        ("signup", b"\xef\xbb\xbf" + SIGNUP, Reason.NOT_JSON, "$"),
        ("signup", added("signup", b'"ja4":"\\ud800"'), Reason.NOT_JSON, "$"),
        ("signup", added("signup", b'"other":"\\ud800"'), Reason.NOT_JSON, "$"),
        ("signup", b"null", Reason.NOT_OBJECT, "$"),
        ("signup", b"[" + SIGNUP + b"]", Reason.NOT_OBJECT, "$"),
        ("signup", b"[" * 100_000, Reason.TOO_DEEP, "$"),
        ("signup", added("signup", b'"other":' + b"[" * 64 + b"]" * 64), Reason.TOO_DEEP, "$"),
        ("usage", event("usage", prompt=json.loads("[" * 64 + "]" * 64)), Reason.TOO_DEEP, "$"),
        ("signup", added("signup", b'"ip":"1.2.3.4"'), Reason.DUPLICATE_KEY, "$.ip"),
        ("signup", added("signup", b'"\\u0069p":"1.2.3.4"'), Reason.DUPLICATE_KEY, "$.ip"),
        ("signup", added("signup", b'"ja4":null,"ja4":null'), Reason.DUPLICATE_KEY, "$.ja4"),
        ("signup", added("signup", b'"other":{"a":1,"a":1}'), Reason.DUPLICATE_KEY, "$"),
        ("usage", added("usage", b'"prompt":[{"role":"a","role":"b"}]'), Reason.DUPLICATE_KEY, "$"),
        ("usage", added("usage", b'"max_tokens":1,"max_tokens":1'), Reason.DUPLICATE_KEY, "$.max_tokens"),
        ("usage", event("usage", temperature=float("nan")), Reason.NON_FINITE, "$"),
        ("usage", event("usage", temperature=float("-inf")), Reason.NON_FINITE, "$"),
        ("usage", added("usage", b'"max_tokens":1e400'), Reason.NON_FINITE, "$"),
        ("usage", added("usage", b'"max_tokens":' + b"1" * 5000), Reason.NON_FINITE, "$"),
        ("usage", added("usage", b'"other":' + b"1" * 5000), Reason.NON_FINITE, "$"),
        ("signup", event("signup", email=...), Reason.MISSING_FIELD, "$.email"),
        ("usage", event("usage", prompt=[{"content": "x"}]), Reason.MISSING_FIELD, "$.prompt[0].role"),
        ("signup", event("signup", email=None), Reason.WRONG_TYPE, "$.email"),
        ("signup", event("signup", email=["a@b.c"]), Reason.WRONG_TYPE, "$.email"),
        ("signup", event("signup", ja4=5), Reason.WRONG_TYPE, "$.ja4"),
        ("signup", event("signup", event_time=1767225600), Reason.WRONG_TYPE, "$.event_time"),
        ("signup", event("signup", event_time="yesterday"), Reason.WRONG_TYPE, "$.event_time"),
        ("usage", event("usage", status="200"), Reason.WRONG_TYPE, "$.status"),
        ("usage", event("usage", status=200.5), Reason.WRONG_TYPE, "$.status"),
        ("usage", event("usage", status=True), Reason.WRONG_TYPE, "$.status"),
        ("usage", event("usage", prompt=5), Reason.WRONG_TYPE, "$.prompt"),
        ("usage", event("usage", prompt=[5]), Reason.WRONG_TYPE, "$.prompt[0]"),
        ("usage", event("usage", prompt_minhash=[*MINHASH[:15], "x"]), Reason.WRONG_TYPE, "$.prompt_minhash[15]"),
        ("signup", event("signup", event_id=""), Reason.OUT_OF_RANGE, "$.event_id"),
        ("signup", event("signup", account_id="a" * 129), Reason.OUT_OF_RANGE, "$.account_id"),
        ("usage", event("usage", status=1000), Reason.OUT_OF_RANGE, "$.status"),
        ("usage", event("usage", input_tokens=-1), Reason.OUT_OF_RANGE, "$.input_tokens"),
        ("usage", event("usage", input_tokens=2**63), Reason.OUT_OF_RANGE, "$.input_tokens"),
        ("payment", event("payment", amount_minor=10**30), Reason.OUT_OF_RANGE, "$.amount_minor"),
        ("usage", event("usage", prompt_minhash=MINHASH[:15]), Reason.OUT_OF_RANGE, "$.prompt_minhash"),
        ("usage", event("usage", prompt_minhash=[*MINHASH, 1]), Reason.OUT_OF_RANGE, "$.prompt_minhash"),
        ("usage", event("usage", prompt_minhash=[2**32, *MINHASH[1:]]), Reason.OUT_OF_RANGE, "$.prompt_minhash[0]"),
        ("payment", event("payment", outcome="secret outcome"), Reason.UNKNOWN_VALUE, "$.outcome"),
        ("action", event("action", action=""), Reason.UNKNOWN_VALUE, "$.action"),
        ("signup", event("signup", event_time="2026-06-14T23:59:57"), Reason.TIME_WITHOUT_OFFSET, "$.event_time"),
    ],
)
def test_every_broken_rule_has_its_reason_and_path(table, value, reason, path):
    problem = problem_of(table, value)
    assert (problem.reason, problem.path) == (reason, path)
    assert "secret" not in problem.detail


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(json.dumps(content("usage"), indent=4).encode(), id="indented"),
        pytest.param(json.dumps(content("usage"), separators=(",", ":")).encode(), id="compact"),
        pytest.param(b"\r\n\t " + event("usage") + b" \n", id="blanks around"),
        pytest.param(added("usage", b'"task":null,"prompt":null'), id="explicit nulls"),
        pytest.param(added("usage", b'"brand_new":{"a":[1,{"b":"c"}],"ip":"x"}'), id="unknown fields"),
        pytest.param(event("usage").replace(b'"ip"', b'"\\u0069p"'), id="escaped name"),
        pytest.param(event("usage", model='a "quoted" \\ model \u00e9 \U0001f600'), id="escapes in a value"),
        pytest.param(event("usage", temperature=1), id="whole number as float"),
        pytest.param(event("usage") + b" " * (MAX_BYTES - len(event("usage"))), id="as large as allowed"),
        pytest.param(added("usage", b'"other":' + b"[" * 63 + b"]" * 63), id="as deep as allowed"),
    ],
)
def test_what_is_valid_passes_however_it_is_written(value):
    parsed = PARSERS["usage"].parse([value])
    assert parsed.problems == {}
    assert parsed.columns["ip"] == ("2001:db8:1:2:3:4:5:6",)


def test_bad_records_take_no_good_ones_along():
    values = [SIGNUP, None, SIGNUP, b"{", added("signup", b'"ip":"::1"'), SIGNUP, b"\xff"]
    parsed = PARSERS["signup"].parse(values)
    assert parsed.places == [0, 2, 5]
    assert {place: problem.reason for place, problem in parsed.problems.items()} == {
        1: Reason.TOMBSTONE,
        3: Reason.NOT_JSON,
        4: Reason.DUPLICATE_KEY,
        6: Reason.NOT_UTF8,
    }
    assert all(len(column) == 3 for column in parsed.columns.values())


# Real JSON first, so that most of what is drawn comes near to being valid.
names = st.sampled_from([*GOOD["usage"], "prompt", "task", "other"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
changed = st.dictionaries(names, values, max_size=3).map(lambda changes: event("usage", **changes))
cut = st.tuples(changed, st.integers(0, 800), st.binary(max_size=4)).map(lambda t: t[0][: t[1]] + t[2] + t[0][t[1] :])


@given(st.lists(st.none() | st.binary() | changed | cut, max_size=6))
@example([b'{"a":"\\'])
def test_any_bytes_end_in_exactly_one_of_good_and_rejected(batch):
    parsed = PARSERS["usage"].parse(batch)
    assert sorted([*parsed.places, *parsed.problems]) == list(range(len(batch)))
    for place in parsed.places:
        pairs = json.loads(batch[place].decode(), object_pairs_hook=list)
        sent = [name for name, _ in pairs]
        assert len(sent) == len(set(sent))
