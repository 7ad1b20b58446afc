import subprocess
import sys
import time
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition

from tests.integration.kafka import jars, topics
from tests.integration.kafka.broker import Broker

pytestmark = pytest.mark.kafka


def read_committed(broker: Broker, topic: str) -> tuple[list[bytes | None], int]:
    """Values of partition 0 that a read_committed consumer sees, and its position after them."""
    partition = TopicPartition(topic, 0)
    consumer = KafkaConsumer(
        bootstrap_servers=broker.bootstrap_servers,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="none",
    )
    try:
        consumer.assign([partition])
        consumer.seek(partition, 0)
        end = consumer.end_offsets([partition])[partition]
        values: list[bytes | None] = []
        deadline = time.monotonic() + 30
        while (position := consumer.position(partition)) < end and time.monotonic() < deadline:
            for records in consumer.poll(timeout_ms=200).values():
                values.extend(record.value for record in records)
        return values, position
    finally:
        consumer.close()


@pytest.mark.parametrize("compression", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_compressed_batches_are_read_back(kafka: Broker, compression: topics.Compression) -> None:
    servers, name = kafka.bootstrap_servers, f"compressed-{compression}"
    topics.create_topic(servers, name)
    values = [b"%d " % number * 50 for number in range(200)]
    topics.produce(servers, name, [(b"key", value) for value in values], compression=compression)
    assert read_committed(kafka, name) == (values, 200)
    kept = sum(segment.stat().st_size for segment in (kafka.folder / "data" / f"{name}-0").glob("*.log"))
    assert (kept < sum(map(len, values))) is (compression != "none")


def test_an_aborted_transaction_leaves_a_gap_that_the_position_steps_over(kafka: Broker) -> None:
    servers, name = kafka.bootstrap_servers, "transactions"
    topics.create_topic(servers, name)
    topics.produce_transaction(servers, name, [(None, b"kept 1"), (None, b"kept 2")], compression="zstd")
    topics.produce_transaction(servers, name, [(None, b"gone")] * 3, abort=True)
    topics.produce_transaction(servers, name, [(None, b"kept 3"), (b"key", None)])
    values, position = read_committed(kafka, name)
    assert values == [b"kept 1", b"kept 2", b"kept 3", None]
    assert position == 2 + 1 + 3 + 1 + 2 + 1  # each transaction ends with a marker


def test_a_topic_made_again_has_another_id(kafka: Broker) -> None:
    servers, name = kafka.bootstrap_servers, "made-again"
    first = topics.create_topic(servers, name, partitions=3)
    topics.delete_topic(servers, name)
    assert topics.create_topic(servers, name) != first


def test_records_outlive_a_kill_and_a_restart(kafka: Broker) -> None:
    servers, name = kafka.bootstrap_servers, "outlives"
    topics.create_topic(servers, name)
    topics.produce(servers, name, [(None, b"before")])
    kafka.kill()
    assert not kafka.is_running
    kafka.start()
    topics.produce(servers, name, [(None, b"after")])
    assert read_committed(kafka, name)[0] == [b"before", b"after"]


def test_a_lost_span_is_below_the_start(kafka: Broker) -> None:
    servers, name = kafka.bootstrap_servers, "lost"
    topics.create_topic(servers, name)
    topics.produce(servers, name, [(None, b"x")] * 10)
    topics.delete_records(servers, name, 0, before=7)
    consumer = KafkaConsumer(bootstrap_servers=servers)
    try:
        assert consumer.beginning_offsets([TopicPartition(name, 0)]) == {TopicPartition(name, 0): 7}
    finally:
        consumer.close()


def test_no_broker_outlives_a_test_process_that_is_killed(tmp_path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from tests.integration.kafka import jars
from tests.integration.kafka.broker import Broker
broker = Broker(Path(sys.argv[1]), jars.resolve())
broker.start()
print(broker.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(jars.__file__).parents[3]
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=root, capture_output=True, text=True, check=False
    )
    pid = int(ran.stdout)
    deadline = time.monotonic() + 10
    while _lives(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _lives(pid)


def _lives(pid: int) -> bool:
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(told.strip()) and not told.startswith("Z")
