import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.events import TOPIC_OF_TABLE
from pipeline.decode.decoder import Decoder
from pipeline.decode.parse import Parser
from pipeline.decode.plain import BLOCK, LEAST, LONGEST, PlainReader
from pipeline.privacy.tokens import Tokens
from tests.pipeline.decode.test_decoder import NOW
from tests.pipeline.decode.test_parse import changed, cut
from tests.pipeline.records import GOOD, KEY, content, event, polled

RECORDS = {table: topic.record for table, topic in TOPIC_OF_TABLE.items()}
PARSERS = {table: Parser(record) for table, record in RECORDS.items()}
READERS = {table: PlainReader(record, least=1) for table, record in RECORDS.items()}


def compact(table, **changes):
    return json.dumps(content(table, **changes), separators=(",", ":")).encode()


def read(table, values):
    """Places of what is read in columns, each the same as the parser's."""
    plain, parsed = READERS[table].read(values), PARSERS[table].parse(values)
    rows = {place: row for row, place in enumerate(parsed.places)}
    places = plain.places.tolist()
    for name, column in plain.columns.items():
        assert column.to_pylist() == [parsed.columns[name][rows[place]] for place in places]
    return places


@pytest.mark.parametrize("written", [event, compact])
@pytest.mark.parametrize("table", GOOD)
def test_what_machines_write_is_read(table, written):
    values = [written(table, event_id=f"ev-{number}", account_id="a" * number) for number in range(1, 4)]
    assert read(table, values) == [0, 1, 2]


USAGE = compact("usage")
SLOTS = list(range(16))


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(compact("usage", task=None, ja4="j", max_tokens=None), id="null"),
        pytest.param(compact("usage", prompt_minhash=None, temperature=None), id="null last"),
        pytest.param(compact("usage", prompt_minhash=..., task="last"), id="text last"),
        pytest.param(compact("usage", temperature=1e-7, input_tokens=2**63 - 1), id="numbers"),
        pytest.param(compact("usage", prompt_minhash=[0, 2**32 - 1, *range(14)]), id="slots"),
        pytest.param(compact("usage", model="", user_agent="{},[]: null").replace(b"null", b"\x7f"), id="texts"),
        pytest.param(compact("usage", event_time="2026-06-14T23:59:57Z"), id="whole second"),
        pytest.param(compact("usage", event_time="2026-06-14T23:59:57.123456+00:00"), id="offset"),
        pytest.param(compact("usage", event_time="2026-06-14 23:59:57.9999999-11:30"), id="time as Arrow has none"),
        pytest.param(compact("usage", event_id="e" * 128), id="longest"),
    ],
)
def test_values_are_the_parsers(value):
    assert read("usage", [USAGE, value, value, USAGE]) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(compact("usage", prompt="x"), id="dropped"),
        pytest.param(compact("usage", other=1), id="unknown"),
        pytest.param(compact("usage", model="é"), id="escape"),
        pytest.param(compact("usage", model="a").replace(b'"a"', '"é"'.encode()), id="not ASCII"),
        pytest.param(compact("usage", model="a").replace(b'"a"', b'"\n"'), id="control character"),
        pytest.param(compact("usage", model="a" * LONGEST), id="long"),
        pytest.param(USAGE[:-1] + b',"ip":"1.2.3.4"}', id="twice"),
        pytest.param(USAGE[:-1] + b',"task":null,"task":null}', id="null twice"),
        pytest.param(compact("usage", event_id=""), id="too short"),
        pytest.param(compact("usage", event_id="e" * 129), id="too long"),
        pytest.param(compact("usage", ip=...), id="missing"),
        pytest.param(compact("usage", ip=None), id="null that must not be"),
        pytest.param(compact("usage", event_time="2026-02-29T00:00:00Z"), id="no such day"),
        pytest.param(compact("usage", event_time="2026-06-14T24:00:00Z"), id="no such hour"),
        pytest.param(compact("usage", event_time="2026-06-14T23:59:60Z"), id="no such second"),
        pytest.param(compact("usage", event_time="2026-06-14T23:59:57"), id="no offset"),
        pytest.param(compact("usage", event_time="0000-01-01T00:00:00Z"), id="no such year"),
        pytest.param(compact("usage", status="200"), id="text for a number"),
        pytest.param(compact("usage", model=5), id="number for a text"),
        pytest.param(compact("usage", status=200.0), id="float for an integer"),
        pytest.param(USAGE.replace(b"200", b"0200"), id="leading zero"),
        pytest.param(USAGE.replace(b"200", b"200,200"), id="two numbers"),
        pytest.param(USAGE.replace(b"200", b""), id="no number"),
        pytest.param(compact("usage").replace(b":200,", b": "), id="only a blank"),
        pytest.param(USAGE[: USAGE.index(b"[")], id="cut before a value"),
        pytest.param(USAGE.replace(b"200", b"1000"), id="out of range"),
        pytest.param(USAGE.replace(b"0.5", b"1e400"), id="not finite"),
        pytest.param(compact("usage", prompt_minhash=SLOTS[1:]), id="few slots"),
        pytest.param(compact("usage", prompt_minhash=[*SLOTS, 1]), id="many slots"),
        pytest.param(compact("usage", prompt_minhash=[2**32, *SLOTS[1:]]), id="a slot too large"),
        pytest.param(compact("usage", prompt_minhash=[2**64 + 1, *SLOTS[1:]]), id="a slot far too large"),
        pytest.param(compact("usage", prompt_minhash=[-1, *SLOTS[1:]]), id="a negative slot"),
        pytest.param(compact("usage", prompt_minhash=[1.0, *SLOTS[1:]]), id="a slot with a point"),
        pytest.param(USAGE.replace(b"[1,", b"[01,"), id="a slot with a leading zero"),
        pytest.param(USAGE.replace(b"[1,", b"[1,,"), id="an empty slot"),
        pytest.param(USAGE.replace(b"[1,", b"[1 ,"), id="a blank before a comma"),
        pytest.param(USAGE.replace(b"[1,2,", b"[1,2 3,"), id="a blank between digits"),
        pytest.param(USAGE.replace(b"[1,", b"1,"), id="an unopened list"),
        pytest.param(USAGE.replace(b"]", b"],[1]"), id="two lists"),
        pytest.param(USAGE[:-1], id="unclosed"),
        pytest.param(USAGE + b"}", id="closed twice"),
        pytest.param(USAGE + USAGE, id="two records"),
        pytest.param(USAGE.replace(b'","', b'" ,"', 1), id="blank before a comma"),
        pytest.param(USAGE.replace(b'","', b'""', 1), id="no comma"),
        pytest.param(b"{}", id="empty"),
        pytest.param(b'{"', id="cut short"),
        pytest.param(b"", id="nothing"),
        pytest.param(None, id="tombstone"),
    ],
)
def test_all_else_takes_no_plain_one_along(value):
    values = [USAGE, value, USAGE, value]
    found = read("usage", values)
    assert {0, 2} <= set(found)
    assert set(found) <= set(PARSERS["usage"].parse(values).places)


def test_what_is_too_much_in_one_cannot_be_missing_in_another():
    parts = [
        (b"200", b"200,200"),
        (b"200", b""),
        (b"[1,2", b"[1],[2"),
        (b"15,16]", b"15],[16]"),
        (b"[1,2,", b"["),
        (b"]", b""),
    ]
    broken = [USAGE.replace(old, new) for old, new in parts]
    values = [made for one in broken for other in broken for made in (one, other, USAGE)]
    assert read("usage", values) == list(range(2, len(values), 3))


fragments = st.sampled_from(
    [
        *b'"{}[],: 0-.e\\n\n',
        b'"',
        b'""',
        b'","',
        b'":"',
        b"null",
        b"true",
        b',"ip":"::1"',
        b',"task":null',
        b"\x00",
        b"\xc3\xa9",
    ]
).map(lambda part: bytes([part]) if isinstance(part, int) else part)
written = st.sampled_from([USAGE, event("usage"), compact("usage", task="t", ja4=None), compact("usage", ip="x")])
mutated = st.tuples(written, st.integers(0, 700), st.integers(0, 12), fragments).map(
    lambda t: t[0][: t[1]] + t[3] + t[0][t[1] + t[2] :]
)
unspaced = changed.map(lambda value: json.dumps(json.loads(value), separators=(",", ":")).encode())


@given(st.lists(st.none() | written | mutated | unspaced | changed | cut | st.binary(), max_size=8))
def test_whatever_is_read_is_what_the_parser_reads(values):
    read("usage", values)


@given(st.lists(st.tuples(written, st.integers(0, 700), st.integers(0, 12), st.integers(0, 700)), max_size=4))
def test_bytes_may_be_moved_and_nothing_is_read_otherwise(moves):
    values = []
    for value, start, length, to in moves:
        left = value[:start] + value[start + length :]
        values.append(left[:to] + value[start : start + length] + left[to:])
    read("usage", values)


def test_few_that_are_alike_are_left_to_the_parser():
    reader = PlainReader(RECORDS["usage"], least=3)
    others = [compact("usage", user_agent=...)] * 3
    assert reader.read([USAGE, *others, USAGE]).places.tolist() == [1, 2, 3]


def test_batches_of_any_length_are_read_whole():
    values = [USAGE] * (BLOCK + LEAST)
    plain = PlainReader(RECORDS["usage"]).read(values)
    assert plain.places.tolist() == list(range(len(values)))
    assert len(plain.columns["ip"]) == len(values)


def test_rows_and_rejects_are_those_of_records_decoded_one_by_one():
    decoder = Decoder("usage", Tokens(KEY))
    odd = [
        compact("usage", ip="x"),
        event("usage", prompt="a b c d e", prompt_minhash=...),
        b"{",
        compact("usage", status=-1),
    ]
    hashless = compact(
        "usage",
        **dict.fromkeys(("system_hash", "prompt_template_hash", "conversation_prefix_hash", "prompt_minhash"), ...),
    )
    values = [*[USAGE, hashless, compact("usage", prompt_minhash=...)] * LEAST, *odd, USAGE]
    values = values[LEAST:] + values[:LEAST]
    whole = decoder.decode(polled("usage", values), NOW)
    single = [decoder.decode(polled("usage", [value], start=at), NOW) for at, value in enumerate(values)]
    assert whole.rows.to_pylist() == [row for one in single for row in one.rows.to_pylist()]
    assert whole.rejected.to_pylist() == [row for one in single for row in one.rejected.to_pylist()]
