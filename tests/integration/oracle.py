"""What exactly-once means, checked with a client and a reader that landing does not use.

The offsets in tables, `rejected` and recorded gaps are the readable offsets, each exactly once.
"""

import base64
import uuid
from collections import Counter
from collections.abc import Iterable

import duckdb
from confluent_kafka import Consumer, KafkaError, TopicPartition

from pipeline.deltalog import transaction_versions
from pipeline.lake import Lake
from tests.integration.kafka import topics

Offset = tuple[str, int, int]  # topic id, partition, offset


def topic_uuid(servers: str, topic: str) -> str:
    """The topic's id as landing writes it: a UUID, where Kafka's own tools show base64."""
    return str(uuid.UUID(bytes=base64.b64decode(topics.topic_id(servers, topic) + "==")))


def readable(servers: str, topic: str) -> set[Offset]:
    """Offsets that a read_committed consumer sees now."""
    topic_id = topic_uuid(servers, topic)
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": "oracle",
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
    found: set[Offset] = set()
    ended: set[int] = set()
    while ended != set(partitions):
        for message in consumer.consume(10_000, timeout=0.2):
            if message.error() is None:
                found.add((topic_id, message.partition(), message.offset()))
            else:
                assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
                ended.add(message.partition())
    consumer.close()
    return found


def landed(lake: Lake, table: str) -> Counter[Offset]:
    """How often each offset is in the table or among its rejects."""
    topic_ids = {name.rpartition("/")[0] for name in transaction_versions(lake.path(table))}
    found: Counter[Offset] = Counter()
    for name in (table, "rejected"):
        query = f"SELECT _topic_id, _partition, _offset FROM ({lake.select(name)})"
        found.update(address for address in duckdb.sql(query).fetchall() if address[0] in topic_ids)
    return found


def gaps(lake: Lake) -> list[tuple[str, int, int, int | None, str]]:
    """(topic id, partition, first offset lost, first after them, reason) in their order."""
    query = f"SELECT _topic_id, _partition, _offset, end_offset, reason FROM ({lake.select('gaps')}) ORDER BY ALL"
    return duckdb.sql(query).fetchall()


def assert_exactly_once(lake: Lake, table: str, expected: Iterable[Offset]) -> None:
    """Hold what landed, and the gaps whose end is known, against the offsets that were ever readable."""
    counted = landed(lake, table)
    for topic_id, partition, start, end, _ in gaps(lake):
        counted.update((topic_id, partition, offset) for offset in range(start, start if end is None else end))
    twice = [offset for offset, count in counted.items() if count > 1]
    assert twice == [], f"{len(twice)} offsets are there more than once"
    missing, surplus = set(expected) - set(counted), set(counted) - set(expected)
    assert (missing, surplus) == (set(), set()), f"{len(missing)} offsets lost, {len(surplus)} never readable"
