"""One poll's worth of records of one partition: the element that flows through Beam."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets [start, end) of one partition of one table's topic.

    `application` names the partition in the table's Delta transactions: `<topic id>/<partition>` in Kafka, the file's
    relative path in a folder.
    """

    table: str
    topic: str
    topic_id: str
    partition: int
    application: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PolledBatch:
    """Records read from `span`, in offset order; offsets may have gaps (transactions, compaction).

    `times` are Kafka timestamps in milliseconds since the epoch, or None where the source has none.
    A value of None is a tombstone.
    """

    span: Span
    offsets: list[int]
    values: list[bytes | None]
    keys: list[bytes | None] | None
    times: list[int] | None
