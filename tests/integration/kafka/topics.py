"""Topics and records on a test's broker, made with a client that the product's default path does not use."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic, OffsetSpec

Compression = Literal["none", "gzip", "snappy", "lz4", "zstd"]
Record = tuple[bytes | None, bytes | None]  # key, value; a value of None is a tombstone

PATIENCE_SECONDS = 30.0


def create_topic(bootstrap_servers: str, name: str, partitions: int = 1, **config: str) -> str:
    """Make the topic and return its id; `config` by Kafka's names with _ for . (retention_ms=…).

    A topic of that name whose deletion is not finished is waited for.
    """
    admin = _admin(bootstrap_servers)
    wanted = NewTopic(name, partitions, 1, config={key.replace("_", "."): value for key, value in config.items()})
    _patiently(KafkaError.TOPIC_ALREADY_EXISTS, lambda: admin.create_topics([wanted])[name].result(PATIENCE_SECONDS))
    return topic_id(bootstrap_servers, name)


def add_partitions(bootstrap_servers: str, name: str, count: int) -> None:
    """Let the topic have `count` partitions."""
    admin = _admin(bootstrap_servers)
    admin.create_partitions([NewPartitions(name, count)])[name].result(PATIENCE_SECONDS)


def delete_topic(bootstrap_servers: str, name: str) -> None:
    """Delete the topic; its name may be free only a moment later."""
    admin = _admin(bootstrap_servers)
    admin.delete_topics([name])[name].result(PATIENCE_SECONDS)


def topic_id(bootstrap_servers: str, name: str) -> str:
    """The id that Kafka gave the topic: another one each time it is made. A topic just made is waited for."""
    admin = _admin(bootstrap_servers)
    wanted = TopicCollection([name])
    described = _patiently(
        KafkaError.UNKNOWN_TOPIC_OR_PART, lambda: admin.describe_topics(wanted)[name].result(PATIENCE_SECONDS)
    )
    return str(described.topic_id)


def delete_records(bootstrap_servers: str, name: str, partition: int, before: int) -> None:
    """Drop all records below the offset `before`, as retention would."""
    admin = _admin(bootstrap_servers)
    for answer in admin.delete_records([TopicPartition(name, partition, before)]).values():
        answer.result(PATIENCE_SECONDS)


def produce(
    bootstrap_servers: str,
    topic: str,
    records: Iterable[Record],
    *,
    partition: int = 0,
    compression: Compression = "none",
) -> None:
    """Append the records to one partition and wait until the broker has them."""
    producer = _producer(bootstrap_servers, compression)
    _send(producer, topic, partition, records)


def produce_transaction(
    bootstrap_servers: str,
    topic: str,
    records: Iterable[Record],
    *,
    partition: int = 0,
    compression: Compression = "none",
    abort: bool = False,
) -> None:
    """Append the records in one transaction and commit it, or abort it: its offsets then hold nothing to read."""
    with transaction(bootstrap_servers, topic, records, partition=partition, compression=compression, abort=abort):
        pass


@contextmanager
def transaction(
    bootstrap_servers: str,
    topic: str,
    records: Iterable[Record],
    *,
    partition: int = 0,
    compression: Compression = "none",
    abort: bool = False,
) -> Iterator[None]:
    """Append the records in a transaction that is open inside the block, and ends after it."""
    producer = _producer(bootstrap_servers, compression, **{"transactional.id": f"{topic}-{partition}"})
    producer.init_transactions(PATIENCE_SECONDS)
    producer.begin_transaction()
    _send(producer, topic, partition, records)
    yield
    if abort:
        producer.abort_transaction(PATIENCE_SECONDS)
    else:
        producer.commit_transaction(PATIENCE_SECONDS)
    _await_stable(_admin(bootstrap_servers), TopicPartition(topic, partition))


def _await_stable(admin: AdminClient, place: TopicPartition) -> None:
    """Wait until no transaction of the partition is open: the broker writes their ends after it has answered."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _end(admin, place, IsolationLevel.READ_COMMITTED) < _end(admin, place, IsolationLevel.READ_UNCOMMITTED):
        if time.monotonic() > deadline:
            raise RuntimeError(f"a transaction on {place.topic}/{place.partition} is still open")
        time.sleep(0.02)


def _end(admin: AdminClient, place: TopicPartition, level: IsolationLevel) -> int:
    answers = admin.list_offsets({place: OffsetSpec.latest()}, isolation_level=level)
    return int(answers[place].result(PATIENCE_SECONDS).offset)


def _patiently(passing: int, attempt: Callable[[], Any]) -> Any:
    """What `attempt` returns, tried again while it fails with the error code `passing`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return attempt()
        except KafkaException as error:
            if error.args[0].code() != passing or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _send(producer: Producer, topic: str, partition: int, records: Iterable[Record]) -> None:
    failed: list[KafkaError] = []

    def delivered(error: KafkaError | None, _: object) -> None:
        if error is not None:
            failed.append(error)

    for key, value in records:
        while True:
            try:
                producer.produce(topic, value, key, partition, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.1)
    left = producer.flush(PATIENCE_SECONDS)
    if failed or left:
        raise RuntimeError(f"{len(failed) + left} records were not delivered to {topic}: {failed[:1]}")


def _producer(bootstrap_servers: str, compression: Compression, **more: str) -> Producer:
    # A few milliseconds of waiting make real batches, else compression has one record to work on.
    return Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "compression.type": compression,
            "linger.ms": 5,
            "message.max.bytes": 4 * 2**20,  # larger than what the contract allows
            "log_level": 0,
            **more,
        }
    )


def _admin(bootstrap_servers: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
