"""Kills what a landing job on Flink consists of, in turn and at random moments, and starts it again."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from tests.integration.flink.cluster import Cluster
from tests.integration.kafka.broker import Broker

VICTIMS = ("worker", "taskmanager", "jobserver", "broker")


@dataclass(frozen=True)
class Kill:
    """What was killed, and how many seconds passed until the next record landed."""

    victim: str
    recovery: float


def kills(
    cluster: Cluster, broker: Broker, landed: Callable[[], int], draw: random.Random, *, spread: float, patience: float
) -> Iterator[Kill]:
    """Kill again and again, each time at a random moment of the `spread` seconds after something landed.

    Raises AssertionError if nothing lands for `patience` seconds after a kill.
    """
    number = 0
    while True:
        victim = VICTIMS[number % len(VICTIMS)]
        time.sleep(spread * draw.random())
        before, began = landed(), time.monotonic()
        _kill(victim, cluster, broker, draw)
        while landed() == before:
            assert time.monotonic() < began + patience, f"nothing landed for {patience:.0f} s after a kill of {victim}"
            time.sleep(0.2)
        yield Kill(victim, time.monotonic() - began)
        number += 1


def _kill(victim: str, cluster: Cluster, broker: Broker, draw: random.Random) -> None:
    if victim == "worker":
        living = cluster.members["workers"].children()
        assert living, "no worker to kill"
        with suppress(ProcessLookupError):
            os.kill(draw.choice(living), signal.SIGKILL)
    elif victim == "broker":
        broker.kill()
        broker.start()
    else:
        cluster.members[victim].kill()
        cluster.start_member(victim)
