"""A producer that goes on through everything: duplicates, malformed records, tombstones, aborted transactions."""

import random
import threading
from collections.abc import Mapping

from confluent_kafka import KafkaException

from pipeline.contract.events import TOPIC_OF_TABLE
from tests.integration.kafka import topics
from tests.pipeline.records import event

BAD = (b"not json", b"\xff", b"[" * 70, event("usage", status="200"), event("usage", ip="here"), event("usage")[:-1])


class Producing:
    """Sends to every partition of `partitions` (table → how many) in turn, until it is stopped.

    What could not be sent while the broker was away is sent again or not at all: the oracle asks Kafka what is there.
    """

    def __init__(
        self, servers: str, partitions: Mapping[str, int], batch: int, seed: int, *, pause: float = 0.2
    ) -> None:
        """`batch`: new events a round and partition; `pause`: seconds between two rounds."""
        self._servers, self._pause, self.batch = servers, pause, batch
        self.partitions = dict(partitions)
        self._draw = random.Random(seed)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._number = 0
        self.sent = self.failures = 0

    def start(self) -> None:
        """Send from another thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and end every transaction that an outage of the broker left open."""
        self._stop.set()
        self._thread.join()
        for table, count in self.partitions.items():
            topic = TOPIC_OF_TABLE[table].name
            for partition in range(count):
                topics.produce_transaction(self._servers, topic, [], partition=partition)

    def _run(self) -> None:
        while not self._stop.is_set():
            for table, count in tuple(self.partitions.items()):
                for partition in range(count):
                    if self._stop.is_set():
                        return
                    self._send(table, partition)
            self._stop.wait(self._pause)

    def _send(self, table: str, partition: int) -> None:
        records = [(b"acct-1", self._event(table)) for _ in range(self.batch)]
        records += [(None, self._draw.choice(BAD)), (b"acct-1", None), self._draw.choice(records)]
        topic, kind = TOPIC_OF_TABLE[table].name, self._draw.random()
        try:
            if kind < 0.7:
                topics.produce(self._servers, topic, records, partition=partition, compression="lz4")
            else:
                topics.produce_transaction(self._servers, topic, records, partition=partition, abort=kind < 0.85)
        except (KafkaException, RuntimeError, TimeoutError):  # the broker is away
            self.failures += 1
            return
        if not 0.7 <= kind < 0.85:
            self.sent += len(records)

    def _event(self, table: str) -> bytes:
        self._number += 1
        number = self._number if self._draw.random() > 0.05 else self._draw.randrange(self._number)  # sent before
        return event(table, event_id=f"ev-{number}", account_id=f"acct-{number % 997}")
