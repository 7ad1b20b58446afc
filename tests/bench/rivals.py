"""What landing is measured against, each as a process of its own: the bare poll loops and a script written by hand.

Usage: python -m tests.bench.rivals NAME BOOTSTRAP_SERVERS TOPIC EVENTS
"""

import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow.json
import pyarrow.parquet
from confluent_kafka import Consumer
from kafka import KafkaConsumer, TopicPartition

POLL = 20_000


def kafka_python(servers: str, topic: str, events: int) -> None:
    """Poll every record with kafka-python and forget it."""
    consumer = KafkaConsumer(
        bootstrap_servers=servers, isolation_level="read_committed", max_partition_fetch_bytes=4 * 2**20
    )
    partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    seen = 0
    while seen < events:
        seen += sum(map(len, consumer.poll(timeout_ms=1000, max_records=POLL).values()))


def confluent(servers: str, topic: str, events: int, take: Callable[[list[bytes]], None] = lambda _: None) -> None:
    """Poll every record with confluent-kafka and hand the values to `take`."""
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": "bench",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
        }
    )
    consumer.subscribe([topic])
    seen = 0
    while seen < events:
        messages = [message for message in consumer.consume(POLL, timeout=0.5) if not message.error()]
        seen += len(messages)
        take([message.value() for message in messages])


def by_hand(servers: str, topic: str, events: int) -> None:
    """Write what confluent-kafka reads as Parquet through pyarrow.json: no validation, no tokens, no positions."""
    folder = Path(tempfile.mkdtemp())
    numbers = iter(range(events))

    def take(values: list[bytes]) -> None:
        if values:
            table = pyarrow.json.read_json(io.BytesIO(b"\n".join(values)))
            pyarrow.parquet.write_table(table, folder / f"{next(numbers)}.parquet", compression="zstd")

    confluent(servers, topic, events, take)


RIVALS = {"kafka-python": kafka_python, "confluent": confluent, "by-hand": by_hand}

if __name__ == "__main__":
    name, servers, topic, events = sys.argv[1:]
    RIVALS[name](servers, topic, int(events))
