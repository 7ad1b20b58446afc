"""Records read off the broker's batches: kafka-python makes three objects of each, which is most of what it costs."""

import itertools
from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import msgspec
from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError
from kafka.record.util import decode_varint

ENVELOPED = 2  # message format of batches, Kafka 0.11 and later


class Record(msgspec.Struct, frozen=True, gc=False):
    """What landing needs of a record; the timestamp is in milliseconds since the epoch, −1 where there is none."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class PartitionRecords(Fetcher.PartitionRecords):
    """Records of one fetch, for a consumer that reads committed ones.

    Aborted transactions and formats before Kafka 0.11 are left to kafka-python, whose `PartitionRecords` this replaces.
    """

    def _unpack_records(self, tp: Any, records: Any, *deserializers: Any) -> Iterator[Any]:
        while (batch := records.next_batch()) is not None:
            if batch.magic != ENVELOPED or self.aborted_transactions:
                rest = itertools.chain([batch], records)
                yield from super()._unpack_records(
                    tp, SimpleNamespace(next_batch=partial(next, rest, None)), *deserializers
                )
                return
            if not batch.validate_crc():
                raise CorruptRecordError(f"{tp}: the batch at offset {batch.base_offset} failed its check")
            self.leader_epoch = batch.leader_epoch
            self.bytes_read += batch.size_in_bytes
            self.records_read += batch.records_count
            if not batch.is_control_batch:  # a commit's marker
                for record in batch_records(batch):
                    self.next_fetch_offset = record.offset + 1
                    yield record
            self.next_fetch_offset = batch.next_offset  # beyond what compaction has removed
        self.drain()


def batch_records(batch: Any) -> Iterator[Record]:
    """Read a `DefaultRecordBatch` of kafka-python; headers are passed over. Raises CorruptRecordError."""
    iter(batch)  # decompresses it
    data, position = bytes(batch._buffer), batch._pos
    first_offset, first_time = batch.base_offset, batch.first_timestamp
    told_by_broker = batch.max_timestamp if batch.timestamp_type == batch.LOG_APPEND_TIME else None
    try:
        for _ in range(batch.records_count):
            length, start = decode_varint(data, position)
            _, at = decode_varint(data, start)  # attributes, of which none is in use
            later, at = decode_varint(data, at)
            further, at = decode_varint(data, at)
            size, at = decode_varint(data, at)
            key, at = (data[at : at + size], at + size) if size >= 0 else (None, at)
            size, at = decode_varint(data, at)
            value, at = (data[at : at + size], at + size) if size >= 0 else (None, at)
            position = start + length
            if not at < position <= len(data):  # a count of headers follows the value
                raise ValueError(f"a record of {length} bytes")
            time = first_time + later if told_by_broker is None else told_by_broker
            yield Record(first_offset + further, time, key, value)
        if position != len(data):
            raise ValueError(f"{len(data) - position} bytes more than records")
    except (ValueError, IndexError) as error:
        raise CorruptRecordError(f"the batch at offset {first_offset} cannot be read: {error}") from None
