"""What holds of every format."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contract.events import TOPIC_OF_TABLE
from pipeline.contract.schema import event_fields
from pipeline.formats import FORMATS
from pipeline.formats.mapping import keys
from tests.pipeline.formats.samples import SAMPLES, SECRET, changed, decode
from tests.pipeline.records import polled

SHAPES = [(name, shape) for name, foreign in FORMATS.items() for shape in foreign.shapes]
PAIRS = [(name, record) for name, records in SAMPLES.items() for record in records]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def places(content, pointer=""):
    """Pointers (RFC 6901) to everything in a JSON value."""
    yield pointer
    children = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, child in children:
        yield from places(child, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")


def put(content, path, value):
    if not path:
        return value
    key = int(path[0]) if isinstance(content, list) else path[0]
    made = content.copy()
    made[key] = put(content[key], path[1:], value)
    return made


@pytest.mark.parametrize(("name", "shape"), SHAPES)
def test_a_mapping_names_fields_of_its_table_and_all_that_are_required(name, shape):
    fields = event_fields(TOPIC_OF_TABLE[FORMATS[name].table].record)
    mapped = set(FORMATS[name].shapes[shape])
    assert mapped <= {field for field, _, _ in fields}
    assert mapped >= {field for field, _, required in fields if required}


@pytest.mark.parametrize(("name", "record"), PAIRS)
def test_a_documented_record_lands_without_its_secrets(name, record):
    rows, rejected = decode(name, record)
    assert (len(rows), rejected) == (1, [])
    assert rows[0]["_offset"] == 0
    text = str(rows)
    for secret in (SECRET, "198.51.100.7", "Ann Doe", "75011", "Xt5EWLLDS7FJjR1c", "key-1", "88dc28d0", "a9064f96"):
        assert secret not in text


@pytest.mark.parametrize(("name", "record"), PAIRS)
def test_a_rejected_record_keeps_known_fields_only_and_no_secret(name, record):
    wrong = [put(record, keys(place), 10**10) for place in places(record) if isinstance(look(record, place), str)]
    _, rejected = decode(name, *wrong, b'{"messages": "' + SECRET.encode(), b'"' + SECRET.encode() + b'"')
    assert len(rejected) >= 4
    known = {field for field, _, _ in event_fields(TOPIC_OF_TABLE[FORMATS[name].table].record)}
    for row in rejected:
        assert SECRET not in str(row) and "Ann Doe" not in str(row) and "198.51.100.7" not in str(row)
        assert row["raw"] is None or set(json.loads(row["raw"])) <= known - {"prompt"}


def look(content, pointer):
    for key in keys(pointer):
        content = content[int(key)] if isinstance(content, list) else content[key]
    return content


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=40)
@given(data=st.data())
def test_no_record_is_lost_whatever_stands_where(name, data):
    record = data.draw(st.sampled_from(SAMPLES[name]))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(list(places(record))))
        record = put(record, keys(place), data.draw(JUNK))
    rows, rejected = decode(name, record)
    assert {row["_offset"] for row in rows + rejected} == {0}
    assert SECRET not in str(rows + rejected)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"{", "not_json"),
        (b"\xff", "not_utf8"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "too_deep"),
        (b'{"a": NaN}', "non_finite"),
        (b'{"id": 1, "id": 2}', "duplicate_key"),
        (b'{"a": "\\ud800"}', "not_json"),
        (b" " * 2**20 + b"{}", "too_large"),
        (b"{}", "irrelevant"),
        (b"[]", "irrelevant"),
        (b"7", "irrelevant"),
    ],
    ids=lambda value: value[:12].decode("latin1") if isinstance(value, bytes) else value,
)
def test_what_cannot_be_used_is_rejected_with_its_reason(name, record, reason):
    rows, (rejected,) = decode(name, record)
    assert rows == []
    assert (rejected["reason"], rejected["path"], rejected["raw"]) == (reason, "$", None)
    assert rejected["size_bytes"] == len(record)


@pytest.mark.parametrize(("name", "record"), PAIRS)
def test_a_missing_account_is_told_by_its_place_in_the_foreign_record(name, record):
    moved = {"account_id": "/nowhere/a.b/0"}
    rows, (rejected,) = decode(name, record, moved=moved)
    assert rows == []
    assert rejected["reason"] == "unmappable"
    assert rejected["path"].endswith(".nowhere['a.b'][0]")
    assert rejected["detail"] == "no account_id at /nowhere/a.b/0"
    assert json.loads(rejected["raw"]).keys() >= {"event_id", "event_time"}


def test_a_retry_has_the_same_event_id():
    for name, record in PAIRS:
        (first, again), _ = decode(name, record, record)
        assert first["event_id"] == again["event_id"]
        assert (first["_offset"], again["_offset"]) == (0, 1)


def test_fields_can_be_taken_from_elsewhere():
    kong = changed(SAMPLES["kong"][0], "/request/headers/x-ja4", "t13d301000_01455d0db58d_5ac7197df9d2")
    moved = {"account_id": "/consumer/custom_id", "ja4": "/request/headers/x-ja4"}
    (row,), _ = decode("kong", kong, moved=moved)
    assert (row["account_id"], row["ja4"]) == ("user-1", "t13d301000_01455d0db58d_5ac7197df9d2")


def test_kafkas_key_and_time_are_those_of_the_record():
    from tests.pipeline.decode.test_decoder import NOW
    from tests.pipeline.formats.samples import decoder

    values = [json.dumps([SAMPLES["kong"][0]] * 2).encode(), None]
    batch = polled("usage", values, start=7, keys=[b"a", None], times=[1781481597250 - 2 * 86_400_000, 0])
    rejected = decoder("kong").decode(batch, NOW).rejected.to_pylist()
    assert [(row["_offset"], row["reason"]) for row in rejected] == [
        (7, "time_in_future"),
        (7, "unmappable"),
        (8, "tombstone"),
    ]
    assert rejected[0]["kafka_key"] == rejected[1]["kafka_key"] is not None
    assert rejected[0]["path"] == "$[0].started_at"
    assert rejected[0]["size_bytes"] == rejected[1]["size_bytes"] == len(values[0])
