"""Positions told to a consumer group, for lag dashboards."""

import pytest
from confluent_kafka import Consumer, TopicPartition

from pipeline.sources.kafka import Kafka
from tests.integration.kafka.topics import create_topic, produce
from tests.pipeline.landed import job

pytestmark = pytest.mark.kafka


def test_a_named_group_shows_the_position_that_has_landed(kafka, tmp_path):
    topic = "group.action"
    create_topic(kafka.bootstrap_servers, topic)
    produce(kafka.bootstrap_servers, topic, [(b"a", b"{}"), (b"a", None), (b"a", b"[]")])
    client = {"group.id": "dashboards"}
    source = Kafka(kafka.bootstrap_servers, {"action": topic}, client, "kafka-python", 1000, 1000, 2**24)
    try:
        landing = job(tmp_path / "lake", source)
        assert landing.tick().rejected == 3
        assert landing.tick().idle  # the group is told at the next look: what is landed is known for sure then
    finally:
        source.close()
    group = Consumer({"bootstrap.servers": kafka.bootstrap_servers, "group.id": "dashboards", "log_level": 0})
    (told,) = group.committed([TopicPartition(topic, 0)], timeout=10)
    group.close()
    assert told.offset == 3
