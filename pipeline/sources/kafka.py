"""Kafka as a source: fixed spans of each partition, read by position; consumer groups decide nothing."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, UnknownTopicOrPartitionError, for_code
from kafka.structs import OffsetAndMetadata

from pipeline import collector
from pipeline.errors import SourceError, UnreachableError, UsageError
from pipeline.sources import client_settings
from pipeline.sources.batch import PolledBatch, Span
from pipeline.sources.fetcher import Fetcher
from pipeline.sources.kafka_python import KafkaPythonFetcher
from pipeline.sources.source import Loss, Plan, Tips

CALL_TIMEOUT_MS = 15_000  # half of a broker's usual session time-out: an outage is noticed, a pause is ridden out

log = logging.getLogger(__name__)


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
    owner: str = ""  # whose connections are used: clients are not made for several threads

    def plan(self, tips: Tips, known: Mapping[str, frozenset[str]]) -> Plan:
        """Spans up to the last stable offset; lag in offsets.

        Raises SourceError if the brokers do not answer, all topics are missing, or a position lies beyond its log.
        """
        try:
            partitions, there = self._partitions()
            at = [TopicPartition(span.topic, span.partition) for span in partitions]
            consumer = self._consumer()
            begins = consumer.beginning_offsets(at, timeout_ms=CALL_TIMEOUT_MS)
            ends = consumer.end_offsets(at, timeout_ms=CALL_TIMEOUT_MS)
            self._tell_group(zip(at, (tips(span.table, span.application) for span in partitions), strict=True))
        except KeyError as unknown:  # kafka-python's way to say that its metadata are older than the partition
            self.close()
            raise UnreachableError(f"{unknown} is new: connecting to Kafka again") from None
        except (KafkaError, OSError) as error:
            self.close()
            raise _unreachable(self.bootstrap_servers, error) from None
        losses = _vanished(self.topics, there, tips, known)
        waiting: list[Span] = []
        unseen: list[Span] = []
        for span, place in zip(partitions, at, strict=True):
            begin, end, tip = begins[place], ends[place], tips(span.table, span.application)
            start = begin if tip is None else tip
            if tip is None:
                unseen.append(replace(span, start=begin, end=begin))
            if start < begin:
                losses.append(Loss(replace(span, start=start, end=begin), "retention", True))
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
        return Plan(spans, sum(span.end - span.start for span in waiting), losses, unseen)

    def fetch(self, span: Span) -> Iterator[PolledBatch]:
        """Read `span` with the fetcher of the settings, one for each partition and process."""
        read = 0
        while span.start < span.end and read < self.span_bytes:
            try:
                with collector.paused():
                    batch = self._fetcher(span).poll(span, self.poll_records)
            except (UnreachableError, KafkaError, OSError) as error:
                log.warning("%s/%s at %s: %s", span.topic, span.partition, span.start, error)
                self._drop_fetcher(span)
                return  # what was read lands, the rest is planned again
            if batch is None:
                return  # the broker is silent
            read += sum(len(value) for value in batch.values if value)
            yield batch
            span = replace(span, start=batch.span.end)
            del batch  # before the next one comes: together they would take twice the memory

    def sharded(self, number: int, count: int) -> "Kafka":
        """Return the source that reads share `number` of `count`."""
        return replace(self, shard=(number, count))

    def close(self) -> None:
        """Close every connection of the owner in this process."""
        connections = _connections.pop(self.owner, Connections())
        for open_one in (*connections.clients.values(), *connections.fetchers.values()):
            open_one.close()

    def _key(self, span: Span) -> tuple[str, str, str]:
        return self.fetcher, self.bootstrap_servers, span.application

    def _fetcher(self, span: Span) -> Fetcher:
        key, fetchers = self._key(span), _connections[self.owner].fetchers
        if key not in fetchers:
            fetchers[key] = _open_fetcher(self.fetcher, self.bootstrap_servers, self.client, span)
        return fetchers[key]

    def _drop_fetcher(self, span: Span) -> None:
        if fetcher := _connections[self.owner].fetchers.pop(self._key(span), None):
            fetcher.close()

    def _tell_group(self, positions: Iterable[tuple[TopicPartition, int | None]]) -> None:
        """Commit the positions to the consumer group of the settings, if any: for dashboards, never read by us."""
        told = {place: OffsetAndMetadata(tip, "", -1) for place, tip in positions if tip is not None}
        if client_settings.GROUP in self.client and told and told != _connections[self.owner].told:
            self._consumer().commit(told, timeout_ms=CALL_TIMEOUT_MS)
            _connections[self.owner].told = told

    def partitions(self) -> list[Span]:
        """All partitions of the topics that are there, as empty spans. Raises SourceError as `plan` does."""
        try:
            return self._partitions()[0]
        except (KafkaError, OSError) as error:
            self.close()
            raise _unreachable(self.bootstrap_servers, error) from None

    def _partitions(self) -> tuple[list[Span], dict[str, str]]:
        """Return this process's partitions, and table → topic id of all topics that are there."""
        names = {topic: table for table, topic in self.topics.items()}
        described = self._admin().describe_topics(sorted(names))
        missing = [topic["name"] for topic in described if _is_absent(topic)]
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
        ours = [span for place, span in enumerate(spans) if place % count == number]
        return ours, {span.table: span.topic_id for span in spans}

    def _admin(self) -> Any:
        clients = _connections[self.owner].clients
        if "admin" not in clients:
            clients["admin"] = KafkaAdminClient(
                bootstrap_servers=self.bootstrap_servers.split(","),
                bootstrap_timeout_ms=CALL_TIMEOUT_MS,
                request_timeout_ms=CALL_TIMEOUT_MS,
                **client_settings.for_kafka_python(self.client),
            )
        return clients["admin"]

    def _consumer(self) -> Any:
        clients = _connections[self.owner].clients
        if "consumer" not in clients:
            clients["consumer"] = KafkaConsumer(
                bootstrap_servers=self.bootstrap_servers.split(","),
                isolation_level="read_committed",
                allow_auto_create_topics=False,
                group_id=self.client.get(client_settings.GROUP),
                enable_auto_commit=False,
                bootstrap_timeout_ms=CALL_TIMEOUT_MS,
                **client_settings.for_kafka_python(self.client),
            )
        return clients["consumer"]


@dataclass
class Connections:
    """What one owner keeps open, and the positions that it told the consumer group last."""

    clients: dict[str, Any] = field(default_factory=dict)
    fetchers: dict[tuple[str, str, str], Fetcher] = field(default_factory=dict)
    told: dict[TopicPartition, OffsetAndMetadata] = field(default_factory=dict)


# Connections outlive a tick's pipeline, which is pickled and thrown away: they belong to the process.
_connections: defaultdict[str, Connections] = defaultdict(Connections)


def _unreachable(servers: str, error: Exception) -> UnreachableError:
    """Say that the brokers did not answer."""
    text = str(error) or type(error).__name__
    return UnreachableError(
        f"Kafka at {servers} does not answer ({text.splitlines()[0]})", remedy="check bootstrap_servers"
    )


def _is_absent(described: Mapping[str, Any]) -> bool:
    """Whether there is no such topic; raises the broker's error, or SourceError where waiting would not help."""
    if not described["error_code"]:
        return False
    error = for_code(described["error_code"])
    if error is UnknownTopicOrPartitionError:
        return True
    if error.retriable:
        raise error(described["name"])
    raise SourceError(f"cannot read the topic {described['name']}: {error.message}", remedy="mend its access rights")


def _open_fetcher(name: str, servers: str, client: Mapping[str, str], span: Span) -> Fetcher:
    if name == "kafka-python":
        return KafkaPythonFetcher(servers, client, span)
    try:
        from pipeline.sources.confluent import ConfluentFetcher
    except ModuleNotFoundError:
        raise UsageError("fetcher confluent needs confluent-kafka", remedy="pip install 'hydratrace[fast]'") from None
    return ConfluentFetcher(servers, client, span)


def _unread(table: str, topic: str, topic_id: str, partition: int) -> Span:
    return Span(table, topic, topic_id, partition, f"{topic_id}/{partition}", 0, 0)


def _vanished(
    topics: Mapping[str, str], there: Mapping[str, str], tips: Tips, known: Mapping[str, frozenset[str]]
) -> list[Loss]:
    """Partitions that have landed of topics (table → name) that are gone; `there` is table → id of those that are not.

    A topic made again under its name has another id. Once a partition of it has a position, the old one is history.
    """
    losses = []
    for table, topic in topics.items():
        landed = sorted(name for name in known.get(table, ()) if _is_topic_id(name.rpartition("/")[0]))
        now = there.get(table)
        if now and any(name.startswith(f"{now}/") for name in landed):
            continue
        for name in landed:
            topic_id, _, partition = name.rpartition("/")
            end = tips(table, name) or 0
            span = Span(table, topic, topic_id, int(partition), name, end, end)
            losses.append(Loss(span, "topic re-created" if now else "topic deleted", False))
    return losses


def _is_topic_id(text: str) -> bool:
    """Whether `text` is a UUID, and not the folder of a file source."""
    return len(text) == 36 and text.count("-") == 4 and set(text) <= set("0123456789abcdef-")
