import pytest
from kafka import KafkaConsumer, TopicPartition

from pipeline.alerts.dispatch import run_pass
from pipeline.alerts.hooks import build_receivers
from pipeline.settings import Hook, Settings
from tests.integration.kafka import topics
from tests.integration.kafka.broker import Broker
from tests.pipeline.alerts.conftest import LinkedLake

pytestmark = pytest.mark.kafka


def test_alerts_arrive_on_the_topic_once_keyed_by_their_cluster(kafka: Broker, tmp_path) -> None:
    topics.create_topic(kafka.bootstrap_servers, "hydratrace.finding.v1")
    settings = Settings(bootstrap_servers=kafka.bootstrap_servers, hooks=[Hook(name="k", type="kafka")])
    linked = LinkedLake(tmp_path / "lake")
    linked.link([linked.cluster("a"), linked.cluster("b")])
    for _ in range(2):
        receivers = build_receivers(settings)
        assert [report.problem for report in run_pass(linked.lake, settings.hooks, receivers)] == [""]
    records = read(kafka, "hydratrace.finding.v1", 2)
    assert sorted(record.key for record in records) == [b"a", b"b"]
    for record in records:
        assert dict(record.headers)["webhook-id"].decode() in record.value.decode()


def read(broker: Broker, topic: str, count: int) -> list:
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap_servers, enable_auto_commit=False)
    try:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        consumer.seek(partition, 0)
        assert consumer.end_offsets([partition]) == {partition: count}
        return [record for batch in consumer.poll(timeout_ms=10_000).values() for record in batch]
    finally:
        consumer.close()
