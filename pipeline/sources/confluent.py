"""confluent-kafka as the fetcher: librdkafka does the protocol in C."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from pipeline.errors import UnreachableError
from pipeline.sources import client_settings
from pipeline.sources.batch import PolledBatch, Span
from pipeline.sources.fetcher import FETCH_BYTES, POLL_SECONDS

CONSUME_SECONDS = 0.1
QUEUE_KBYTES = FETCH_BYTES // 1024  # that librdkafka may fetch ahead, per partition: one answer of the broker


class ConfluentFetcher:
    """Reads one partition with librdkafka."""

    def __init__(self, servers: str, client: Mapping[str, str], span: Span) -> None:
        self._consumer: Any = Consumer(
            {
                "bootstrap.servers": servers,
                "group.id": "hydratrace",  # required by librdkafka; nothing is committed to it
                "isolation.level": "read_committed",
                "auto.offset.reset": "error",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "fetch.message.max.bytes": FETCH_BYTES,
                "queued.max.messages.kbytes": QUEUE_KBYTES,
                "log_level": 0,
                **client_settings.for_librdkafka(client),
            }
        )
        self._next = span.start
        self._assign(span, span.start)

    def _assign(self, span: Span, offset: int) -> None:
        self._consumer.assign([TopicPartition(span.topic, span.partition, offset)])
        self._next = offset

    def poll(self, span: Span, most: int) -> PolledBatch | None:
        """Read up to `most` records from `span.start`."""
        if self._next != span.start:
            self._assign(span, span.start)
        try:
            messages = self._wait(min(most, span.end - span.start))
        except KafkaException as error:
            raise UnreachableError(str(error)) from None
        events = [m for m in messages if m.error() is None or m.error().code() == KafkaError._PARTITION_EOF]
        if not events:
            if messages:
                raise UnreachableError(str(messages[-1].error()))
            return None
        # The end-of-partition event stands beyond what was aborted and beyond commit markers.
        end = events[-1].offset() + (events[-1].error() is None)
        messages = [message for message in events if message.error() is None]
        if end == span.start:
            return None
        self._next = end
        return PolledBatch(
            replace(span, end=end),
            [message.offset() for message in messages],
            [message.value() for message in messages],
            [message.key() for message in messages],
            [message.timestamp()[1] for message in messages],
        )

    def _wait(self, most: int) -> list[Any]:
        """Messages and events; unlike one long `consume`, it does not wait for `most` when fewer are there."""
        deadline = time.monotonic() + POLL_SECONDS
        while time.monotonic() < deadline:
            messages: list[Any] = self._consumer.consume(most, timeout=CONSUME_SECONDS)
            if messages:
                return messages
        return []

    def close(self) -> None:
        """Close the connection."""
        self._consumer.close()
