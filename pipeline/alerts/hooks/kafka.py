"""Writes each alert to a Kafka topic, keyed by its cluster, so that a cluster's alerts keep their order."""

from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from pipeline.alerts.receiver import Message, Outcome, Receiver
from pipeline.errors import UsageError
from pipeline.settings import Hook, Settings
from pipeline.sources import client_settings


def build(hook: Hook, settings: Settings) -> Receiver:
    """The receiver that `hook` names, on the brokers that events are landed from."""
    if not settings.bootstrap_servers:
        raise UsageError(f"hook {hook.name} (kafka): no brokers are named", expected="the setting bootstrap_servers")
    client_settings.check(settings.kafka)
    millis = int(hook.timeout_seconds * 1000)
    options = {
        "bootstrap_servers": settings.bootstrap_servers.split(","),
        "acks": "all",
        "enable_idempotence": True,
        "bootstrap_timeout_ms": millis,
        "max_block_ms": millis,
        "request_timeout_ms": millis,
        "delivery_timeout_ms": millis,
        "linger_ms": 0,
        **client_settings.for_kafka_python(settings.kafka),
    }
    return Topic(hook.topic, hook.timeout_seconds, options)


class Topic:
    """A topic, and a connection that is made at the first alert and again after a failure."""

    def __init__(self, topic: str, timeout: float, options: dict[str, Any]) -> None:
        self.topic, self.timeout, self.options = topic, timeout, options
        self._producer: Any = None

    def deliver(self, message: Message) -> Outcome:
        """Write the body as queued, and wait until all in-sync replicas have it."""
        try:
            self._producer = self._producer or KafkaProducer(**self.options)
            sent = self._producer.send(
                self.topic,
                key=message.envelope.data.cluster_uid.encode(),
                value=message.body.encode(),
                headers=[("webhook-id", message.alert_uid.encode())],
            )
            sent.get(timeout=self.timeout)
        except KafkaError as error:
            self._forget()
            return Outcome("again", f"Kafka: {type(error).__name__}")
        return Outcome("delivered", "acknowledged")

    def _forget(self) -> None:
        if self._producer:
            self._producer.close(timeout=0)
        self._producer = None
