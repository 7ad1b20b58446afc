"""The client that reads records: kafka-python, or confluent-kafka (extra `fast`), behind one small class."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from kafka import KafkaConsumer, TopicPartition

from pipeline.errors import UsageError
from pipeline.sources import client_settings
from pipeline.sources.batch import PolledBatch, Span

POLL_SECONDS = 5.0  # how long a silent broker holds up the other partitions of a tick
FETCH_BYTES = 4 * 2**20  # of one partition a request: few requests, yet 100 partitions fetched ahead stay bounded


class Fetcher(Protocol):
    """Reads one partition."""

    def poll(self, span: Span, most: int) -> PolledBatch | None:
        """Read up to `most` records from `span.start`; None if none came in time.

        The batch's end is the position after the poll. It may lie beyond `span.end`, where a gap follows: cutting it
        back would throw away what the client has fetched ahead. Raises KafkaError, OSError or UnreachableError.
        """

    def close(self) -> None:
        """Close the connection."""


def open_fetcher(name: str, servers: str, client: Mapping[str, str], span: Span) -> Fetcher:
    """Open the fetcher called `name` on the span's partition."""
    if name == "confluent":
        try:
            from pipeline.sources.confluent import ConfluentFetcher
        except ModuleNotFoundError:
            raise UsageError(
                "fetcher confluent needs confluent-kafka", remedy="pip install 'hydratrace[fast]'"
            ) from None
        return ConfluentFetcher(servers, client, span)
    return KafkaPythonFetcher(servers, client, span)


class KafkaPythonFetcher:
    """kafka-python: pure Python."""

    def __init__(self, servers: str, client: Mapping[str, str], span: Span) -> None:
        self._partition = TopicPartition(span.topic, span.partition)
        self._consumer: Any = KafkaConsumer(
            bootstrap_servers=servers.split(","),
            isolation_level="read_committed",
            auto_offset_reset="none",
            enable_auto_commit=False,
            allow_auto_create_topics=False,
            max_partition_fetch_bytes=FETCH_BYTES,
            **client_settings.for_kafka_python(client),
        )
        self._consumer.assign([self._partition])
        self._consumer.seek(self._partition, span.start)

    def poll(self, span: Span, most: int) -> PolledBatch | None:
        """Read up to `most` records from `span.start`."""
        consumer, partition = self._consumer, self._partition
        if consumer.position(partition) != span.start:
            consumer.seek(partition, span.start)
        most = min(most, span.end - span.start)
        records = consumer.poll(timeout_ms=POLL_SECONDS * 1000, max_records=most).get(partition, [])
        end = consumer.position(partition)
        if end == span.start:
            return None
        return PolledBatch(
            replace(span, end=end),
            [record.offset for record in records],
            [record.value for record in records],
            [record.key for record in records],
            [record.timestamp for record in records],
        )

    def close(self) -> None:
        """Close the connection."""
        self._consumer.close()
