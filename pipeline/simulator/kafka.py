"""Events into Kafka: the key is the account, the record's timestamp the event's arrival."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from pipeline.errors import UnreachableError
from pipeline.simulator.account import Timed
from pipeline.simulator.clock import SECOND
from pipeline.simulator.jsonl import TABLES
from pipeline.sources import client_settings

_TIMEOUT_MS = 15_000
# Batches fill rather than leave early: this is bulk writing.
_LINGER_MS, _BATCH_BYTES = 50, 2**18


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
        return _send(events, connection, topics)
    except (KafkaError, OSError) as error:
        text = (str(error) or type(error).__name__).splitlines()[0]
        raise UnreachableError(
            f"Kafka at {bootstrap_servers} does not take events ({text})", remedy="check --bootstrap-servers"
        ) from None


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


def _send(events: Iterable[Timed], connection: Mapping[str, Any], topics: Mapping[str, str]) -> int:
    producer = KafkaProducer(**connection, acks="all", linger_ms=_LINGER_MS, batch_size=_BATCH_BYTES)
    encode = msgspec.json.Encoder().encode
    failures: list[BaseException] = []
    written = 0
    try:
        for time, record in events:
            topic = topics[TABLES[type(record)]]
            key = record.account_id.encode()
            sent = producer.send(topic, encode(record), key=key, timestamp_ms=1000 * time // SECOND)
            sent.add_errback(failures.append)
            written += 1
            if failures:
                raise failures[0]
        producer.flush()
    finally:
        producer.close()
    if failures:
        raise failures[0]
    return written
