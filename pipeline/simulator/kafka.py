"""Events into Kafka: the key is the account, the record's timestamp the event's arrival."""

import importlib.util
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import count, islice
from typing import Any

import msgspec
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError
from kafka.partitioner.default import murmur2

from pipeline.errors import UnreachableError
from pipeline.simulator.account import Timed
from pipeline.simulator.clock import SECOND
from pipeline.simulator.jsonl import TABLES
from pipeline.sources import client_settings

_TIMEOUT_MS = 15_000
# Batches fill rather than leave early: this is bulk writing.
_LINGER_MS, _BATCH_BYTES = 50, 2**18
# Records that may wait for a slow broker: 40 MB of them.
_WAITING = 50_000
_FULL_SECONDS = 0.1
# Events made before they are sent: by turns of one, both cost more, through kafka-python a quarter.
_AT_ONCE = 1000
_FAST = {
    "acks": "all",
    "linger.ms": _LINGER_MS,
    "batch.size": _BATCH_BYTES,
    "queue.buffering.max.messages": _WAITING,
    "partitioner": "murmur2_random",  # kafka-python's and Java's
    "delivery.report.only.error": True,
    "message.timeout.ms": 120_000,  # kafka-python's
    "log_level": 0,
}


def write(
    events: Iterable[Timed],
    bootstrap_servers: str,
    client: Mapping[str, str],
    topics: Mapping[str, str],
    partitions: int,
) -> int:
    """Write all events; topics that are missing are created with so many partitions. Returns how many were written.

    Raises UnreachableError when the brokers do not answer or refuse a record.
    """
    client_settings.check(client)
    connection: dict[str, Any] = {
        "bootstrap_servers": bootstrap_servers.split(","),
        "bootstrap_timeout_ms": _TIMEOUT_MS,
        **client_settings.for_kafka_python(client),
    }
    try:
        _create(connection, list(topics.values()), partitions)
        if _has_confluent():
            fast = {"bootstrap.servers": bootstrap_servers, **client_settings.for_librdkafka(client)}
            return _send_fast(events, fast, topics)
        return _send(events, connection, topics)
    except (KafkaError, OSError) as error:
        text = (str(error) or type(error).__name__).splitlines()[0]
        raise UnreachableError(
            f"Kafka at {bootstrap_servers} does not take events ({text})", remedy="check --bootstrap-servers"
        ) from None


def _has_confluent() -> bool:
    return importlib.util.find_spec("confluent_kafka") is not None


def _create(connection: Mapping[str, Any], names: list[str], partitions: int) -> None:
    admin = KafkaAdminClient(**connection)
    try:
        present = set(admin.list_topics())
        missing = [name for name in names if name not in present]
        if missing:
            admin.create_topics([_topic(name, partitions) for name in missing])
    except TopicAlreadyExistsError:
        return  # somebody else was faster
    finally:
        admin.close()


def _topic(name: str, partitions: int) -> NewTopic:
    """Simulated time is not ours: nothing is too old to keep, or too new to take."""
    forever = {"retention.ms": "-1", "message.timestamp.after.max.ms": str(2**63 - 1)}
    return NewTopic(name, num_partitions=partitions, replication_factor=-1, topic_configs=forever)


# murmur2 in Python costs a quarter of sending, and keys recur: accounts send again. 15 MB.
_hash = lru_cache(maxsize=2**16)(murmur2)


def _send(events: Iterable[Timed], connection: Mapping[str, Any], topics: Mapping[str, str]) -> int:
    producer = KafkaProducer(**connection, acks="all", linger_ms=_LINGER_MS, batch_size=_BATCH_BYTES)
    failures: list[BaseException] = []
    sends = count(1)

    def put(topic: str, key: bytes, value: bytes, milliseconds: int) -> None:
        # Where any client puts it.
        partition = (_hash(key) & 0x7FFFFFFF) % partitions[topic]
        sent = producer.send(topic, value, key=key, timestamp_ms=milliseconds, partition=partition)
        sent.add_errback(failures.append)
        if not next(sends) % _WAITING:
            producer.flush()  # nothing else bounds what waits

    try:
        partitions = {topic: len(producer.partitions_for(topic)) for topic in topics.values()}
        written = _put_all(events, topics, put, failures)
        producer.flush()
    finally:
        producer.close()
    if failures:
        raise failures[0]
    return written


def _send_fast(events: Iterable[Timed], configuration: Mapping[str, Any], topics: Mapping[str, str]) -> int:
    """The same with confluent-kafka, which costs less; records go to the partitions that they would go to there."""
    from confluent_kafka import Producer

    producer = Producer({**configuration, **_FAST})
    failures: list[BaseException] = []

    def told(error: Any, _: Any) -> None:
        failures.append(OSError(error.str()))

    def put(topic: str, key: bytes, value: bytes, milliseconds: int) -> None:
        while True:
            try:
                producer.produce(topic, value, key, timestamp=milliseconds, on_delivery=told)
                break
            except BufferError:  # too much waits to be sent
                producer.poll(_FULL_SECONDS)
        producer.poll(0)

    written = _put_all(events, topics, put, failures)
    producer.flush()
    if failures:
        raise failures[0]
    return written


def _put_all(
    events: Iterable[Timed],
    topics: Mapping[str, str],
    put: Callable[[str, bytes, bytes, int], None],
    failures: list[BaseException],
) -> int:
    """Hand every event to `put` as topic, key, value and timestamp; stop at the first failure."""
    encode = msgspec.json.Encoder().encode
    written = 0
    source = iter(events)
    while made := list(islice(source, _AT_ONCE)):
        for time, record in made:
            put(topics[TABLES[type(record)]], record.account_id.encode(), encode(record), 1000 * time // SECOND)
            if failures:
                raise failures[0]
        written += len(made)
    return written
