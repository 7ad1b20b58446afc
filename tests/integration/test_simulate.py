"""hydratrace simulate writes into a real broker what it writes into files."""

import gc
import warnings
from datetime import UTC, datetime

import msgspec
import pytest
from confluent_kafka import Consumer, TopicPartition
from kafka.partitioner.default import murmur2

from pipeline.contract.events import TOPIC_OF_TABLE
from pipeline.errors import UnreachableError
from pipeline.simulator import kafka as writer
from pipeline.simulator.clock import microseconds
from pipeline.simulator.jsonl import TABLES
from pipeline.simulator.schedule import simulate
from pipeline.simulator.world import Plan

PLAN = Plan(accounts=60, operators=1, days=2, seed=2, start=microseconds(datetime(2026, 6, 1, tzinfo=UTC)))
TOPICS = {table: f"simulated.{topic.name}" for table, topic in TOPIC_OF_TABLE.items()}


@pytest.mark.kafka
@pytest.mark.parametrize("fast", [False, True])
def test_topics_hold_the_events_keyed_by_account_and_timed_by_arrival(kafka, fast, monkeypatch):
    monkeypatch.setattr(writer, "_has_confluent", lambda: fast)
    topics = TOPICS if fast else {table: f"slowly.{name}" for table, name in TOPICS.items()}
    written = writer.write(simulate(PLAN), kafka.bootstrap_servers, {}, topics, partitions=2)
    expected = sorted(
        (topics[TABLES[type(record)]], arrival // 1000, record.account_id.encode(), msgspec.json.encode(record))
        for arrival, record in simulate(PLAN)
    )
    assert written == len(expected)
    found = list(_records(kafka.bootstrap_servers, topics, written))
    assert sorted((topic, time, key, value) for topic, _, time, key, value in found) == expected
    partitions = {}
    for topic, partition, _, key, _ in found:
        assert partitions.setdefault((topic, key), partition) == partition
    assert set(partitions.values()) == {0, 1}
    placed = {key: partition for (_, key), partition in partitions.items()}
    assert all(number == murmur2(key) % 2**31 % 2 for key, number in placed.items()), "where any client puts them"


def test_a_broker_that_is_not_there_is_one_clear_error(monkeypatch):
    monkeypatch.setattr(writer, "_TIMEOUT_MS", 300)
    with warnings.catch_warnings():
        # kafka-python leaves a socket that it could not connect to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        with pytest.raises(UnreachableError, match="does not take events"):
            writer.write(iter(()), "127.0.0.1:1", {}, TOPICS, partitions=1)
        gc.collect()


def _records(servers, topics, count):
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "any", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, number, 0) for topic in topics.values() for number in (0, 1)])
    for _ in range(count):
        message = consumer.poll(10)
        assert message is not None, "fewer records than were written"
        assert message.error() is None
        yield message.topic(), message.partition(), message.timestamp()[1], message.key(), message.value()
    assert consumer.poll(0.5) is None
    consumer.close()
