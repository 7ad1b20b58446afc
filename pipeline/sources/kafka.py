"""Kafka as a source: fixed spans of each partition, read by position; consumer groups decide nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from pipeline.errors import SourceError, UnreachableError
from pipeline.sources import client_settings
from pipeline.sources.batch import PolledBatch, Span
from pipeline.sources.fetchers import Fetcher, open_fetcher
from pipeline.sources.source import Loss, Plan, Tips

CALL_TIMEOUT_MS = 15_000  # half of a broker's usual session time-out: an outage is noticed, a pause is ridden out


@dataclass(frozen=True)
class Kafka:
    """Reads at most `span_records` of all partitions a tick, and at most `span_bytes` of a partition."""

    bootstrap_servers: str
    topics: Mapping[str, str]
    client: Mapping[str, str]
    fetcher: str
    poll_records: int
    span_records: int
    span_bytes: int
    shard: tuple[int, int] = (0, 1)  # (number, of how many): which partitions this process reads

    def plan(self, tips: Tips, known: Mapping[str, frozenset[str]]) -> Plan:
        """Spans up to the last stable offset; lag in offsets.

        Raises SourceError if the brokers do not answer, a topic is missing, or a position lies beyond its log.
        """
        try:
            partitions = self._partitions()
            at = [TopicPartition(span.topic, span.partition) for span in partitions]
            consumer = self._consumer()
            begins = consumer.beginning_offsets(at, timeout_ms=CALL_TIMEOUT_MS)
            ends = consumer.end_offsets(at, timeout_ms=CALL_TIMEOUT_MS)
        except (KafkaError, OSError) as error:
            self.close()
            raise _unreachable(self.bootstrap_servers, error) from None
        losses: list[Loss] = []
        waiting: list[Span] = []
        for span, place in zip(partitions, at, strict=True):
            begin, end, tip = begins[place], ends[place], tips(span.table, span.application)
            losses.extend(_losses(span, begin, tip, known.get(span.table, frozenset())))
            start = begin if tip is None else tip
            if start > end:
                raise SourceError(
                    f"{span.topic}/{span.partition}: {start} offsets have landed, but the log ends at {end}",
                    expected="the cluster that the lake was landed from",
                    remedy="check bootstrap_servers, or land into a new lake",
                )
            if start < end:
                waiting.append(replace(span, start=start, end=end))
        share = max(1, self.span_records // max(1, len(waiting)))
        spans = [replace(span, end=min(span.end, span.start + share)) for span in waiting]
        return Plan(spans, sum(span.end - span.start for span in waiting), losses)

    def fetch(self, span: Span) -> Iterator[PolledBatch]:
        """Read `span` with the fetcher of the settings, one for each partition and process."""
        key = (self.fetcher, self.bootstrap_servers, span.application)
        if key not in _fetchers:
            _fetchers[key] = open_fetcher(self.fetcher, self.bootstrap_servers, self.client, span)
        read = 0
        while span.start < span.end and read < self.span_bytes:
            batch = _fetchers[key].poll(span, self.poll_records)
            if batch is None:
                return  # the broker is silent: what was read lands, the rest is planned again
            read += sum(len(value) for value in batch.values if value)
            yield batch
            span = replace(span, start=batch.span.end)

    def close(self) -> None:
        """Close every connection of this process."""
        while _clients:
            _clients.popitem()[1].close()
        while _fetchers:
            _fetchers.popitem()[1].close()

    def _partitions(self) -> list[Span]:
        names = {topic: table for table, topic in self.topics.items()}
        described = self._admin().describe_topics(sorted(names))
        missing = [topic["name"] for topic in described if topic["error_code"]]
        if len(missing) == len(names):
            raise SourceError(
                f"no topic {', '.join(sorted(missing))} on {self.bootstrap_servers}",
                remedy="create the topics, or name yours in the setting topics",
            )
        spans = [
            _unread(names[topic["name"]], topic["name"], str(topic["topic_id"]), partition["partition_index"])
            for topic in described
            if not topic["error_code"]
            for partition in topic["partitions"]
        ]
        number, count = self.shard
        spans.sort(key=lambda span: (span.topic, span.partition))
        return [span for place, span in enumerate(spans) if place % count == number]

    def _admin(self) -> Any:
        if "admin" not in _clients:
            _clients["admin"] = KafkaAdminClient(
                bootstrap_servers=self.bootstrap_servers.split(","),
                bootstrap_timeout_ms=CALL_TIMEOUT_MS,
                request_timeout_ms=CALL_TIMEOUT_MS,
                **client_settings.for_kafka_python(self.client),
            )
        return _clients["admin"]

    def _consumer(self) -> Any:
        if "consumer" not in _clients:
            _clients["consumer"] = KafkaConsumer(
                bootstrap_servers=self.bootstrap_servers.split(","),
                isolation_level="read_committed",
                allow_auto_create_topics=False,
                bootstrap_timeout_ms=CALL_TIMEOUT_MS,
                **client_settings.for_kafka_python(self.client),
            )
        return _clients["consumer"]


# Connections outlive a tick's pipeline, which is pickled and thrown away: they belong to the process.
_clients: dict[str, Any] = {}
_fetchers: dict[tuple[str, str, str], Fetcher] = {}


def _unreachable(servers: str, error: Exception) -> UnreachableError:
    """Say that the brokers did not answer."""
    text = str(error) or type(error).__name__
    return UnreachableError(
        f"Kafka at {servers} does not answer ({text.splitlines()[0]})", remedy="check bootstrap_servers"
    )


def _unread(table: str, topic: str, topic_id: str, partition: int) -> Span:
    return Span(table, topic, topic_id, partition, f"{topic_id}/{partition}", 0, 0)


def _losses(span: Span, begin: int, tip: int | None, known: frozenset[str]) -> list[Loss]:
    if tip is not None and tip < begin:
        return [Loss(replace(span, start=tip, end=begin), "retention", True)]
    others = sorted({name.rpartition("/")[0] for name in known} - {span.topic_id})
    if tip is None and others and not any(name.startswith(f"{span.topic_id}/") for name in known):
        return [
            Loss(
                replace(span, topic_id=topic_id, application=f"{topic_id}/{span.partition}"), "topic re-created", False
            )
            for topic_id in others
            if _is_topic_id(topic_id)
        ]
    return []


def _is_topic_id(text: str) -> bool:
    """Whether `text` is a UUID, and not the folder of a file source."""
    return len(text) == 36 and text.count("-") == 4 and set(text) <= set("0123456789abcdef-")
