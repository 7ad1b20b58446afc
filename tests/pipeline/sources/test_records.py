"""Records read off batches, beside what kafka-python reads of the same bytes."""

import struct
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError
from kafka.protocol.consumer import IsolationLevel
from kafka.record.default_records import DefaultRecordBatch
from kafka.record.memory_records import MemoryRecords, MemoryRecordsBuilder
from kafka.record.util import calc_crc32c

from pipeline.sources.records import PartitionRecords, batch_records

PLACE = TopicPartition("t", 0)
NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)
BASE_OFFSET, CRC, ATTRIBUTES = 0, 17, 21  # where they stand in a batch
APPEND_TIME, TRANSACTIONAL, CONTROL = 0x08, 0x10, 0x20

texts = st.none() | st.binary(max_size=300)
headers = st.lists(st.tuples(st.text(max_size=5), texts), max_size=3)
contents = st.lists(st.tuples(st.integers(0, 2**45), texts, texts, headers), min_size=1, max_size=80)
batches = st.lists(
    st.tuples(contents, st.sampled_from([NONE, GZIP, SNAPPY, LZ4, ZSTD]), st.sampled_from([0, APPEND_TIME])),
    min_size=1,
    max_size=4,
)


def batch(records, codec=NONE, flags=0, offset=0, producer=-1):
    builder = MemoryRecordsBuilder(2, codec, 2**24)
    for time, key, value, more in records:
        builder.append(time, key, value, more)
    builder.close()
    made = bytearray(builder.buffer())
    struct.pack_into(">q", made, BASE_OFFSET, offset)
    struct.pack_into(">h", made, ATTRIBUTES, struct.unpack_from(">h", made, ATTRIBUTES)[0] | flags)
    struct.pack_into(">q", made, 43, producer)
    return signed(made)


def signed(made):
    struct.pack_into(">I", made, CRC, calc_crc32c(memoryview(made)[ATTRIBUTES:]))
    return bytes(made)


def logged(parts):
    """Batches one after another, with a gap of 5 offsets after each."""
    made, offset = b"", 100
    for records, codec, flags in parts:
        made += batch(records, codec, flags, offset)
        offset += len(records) + 5
    return made


def read(kind, log, start=0, most=None, aborted=()):
    """All that is taken, `most` a time, with the position after each time; and the error that ended it."""
    records = kind(
        start,
        PLACE,
        MemoryRecords(log),
        isolation_level=IsolationLevel.READ_COMMITTED,
        aborted_transactions=[SimpleNamespace(producer_id=who, first_offset=first) for who, first in aborted],
    )
    told = []
    try:
        while records:
            taken = [(r.offset, r.timestamp, r.key, r.value) for r in records.take(most)]
            told.append((taken, records.next_fetch_offset, records.leader_epoch))
    except CorruptRecordError:
        told.append("corrupt")
    return told


@settings(max_examples=60, deadline=None)
@given(batches, st.integers(95, 130), st.sampled_from([None, 1, 7, 50]))
def test_they_are_what_kafka_python_reads(parts, start, most):
    log = logged(parts)
    assert read(PartitionRecords, log, start, most) == read(Fetcher.PartitionRecords, log, start, most)


@settings(max_examples=200, deadline=None)
@given(contents, st.integers(61, 10_000), st.integers(0, 255), st.booleans())
def test_of_a_broken_batch_they_are_what_kafka_python_reads_or_it_is_refused(records, at, byte, consistent):
    broken = bytearray(batch(records))
    broken[at % (len(broken) - 61) + 61] = byte
    log = signed(broken) if consistent else bytes(broken)
    ours, theirs = read(PartitionRecords, log), read(Fetcher.PartitionRecords, log)
    assert ours == theirs or (theirs[-1] == "corrupt" and (consistent or ours == ["corrupt"]))  # headers may be broken


def test_committed_transactions_are_read_and_aborted_ones_are_not():
    def some(name):
        return [(1, None, b"%b %d" % (name, number), []) for number in range(3)]

    abort, commit = struct.pack(">hh", 0, 0), struct.pack(">hh", 0, 1)
    log = (
        batch(some(b"committed"), LZ4, TRANSACTIONAL, 0, producer=7)
        + batch([(1, commit, b"\0" * 6, [])], NONE, TRANSACTIONAL | CONTROL, 3, producer=7)
        + batch(some(b"aborted"), LZ4, TRANSACTIONAL, 4, producer=8)
        + batch([(1, abort, b"\0" * 6, [])], NONE, TRANSACTIONAL | CONTROL, 7, producer=8)
        + batch(some(b"plain"), LZ4, 0, 8)
    )
    for aborted in ((), ((8, 4),)):
        ours = read(PartitionRecords, log, aborted=aborted)
        assert ours == read(Fetcher.PartitionRecords, log, aborted=aborted)
        names = {value.split()[0] for taken, *_ in ours for *_, value in taken}
        assert names == ({b"committed", b"plain"} if aborted else {b"committed", b"aborted", b"plain"})


def test_formats_before_batches_are_left_to_kafka_python():
    builder = MemoryRecordsBuilder(1, GZIP, 2**20)
    for number in range(5):
        builder.append(1_780_000_000_000 + number, b"k", b"%d" % number)
    builder.close()
    log = bytes(builder.buffer())
    assert [value for taken, *_ in read(PartitionRecords, log) for *_, value in taken] == [b"0", b"1", b"2", b"3", b"4"]
    assert read(PartitionRecords, log) == read(Fetcher.PartitionRecords, log)


def test_lengths_that_lie_are_refused():
    made = bytearray(batch([(1, None, b"value", []), (1, None, b"value", [])]))
    for length in (0, 4, 2 * 100):  # of the first record, doubled as varints are
        made[61] = length
        with pytest.raises(CorruptRecordError):
            list(batch_records(DefaultRecordBatch(signed(made))))
