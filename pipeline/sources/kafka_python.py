"""kafka-python as the fetcher: pure Python."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from pipeline.sources import client_settings
from pipeline.sources.batch import PolledBatch, Span
from pipeline.sources.fetcher import FETCH_BYTES, POLL_SECONDS
from pipeline.sources.records import PartitionRecords


class KafkaPythonFetcher:
    """Reads one partition with kafka-python."""

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
        self._consumer._fetcher.PartitionRecords = PartitionRecords
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
