"""make bench: what landing costs, in CPU seconds beside its rivals in the same run, over a real Kafka broker.

Usage: python -m tests.bench.landing [EVENTS]
"""

import itertools
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import Producer

from tests.integration.kafka.broker import Broker
from tests.integration.kafka.jars import resolve
from tests.integration.kafka.topics import create_topic

TOPIC = "api.usage.v1"
PARTITIONS = 4
SIMULATED_ACCOUNTS = 1500
GOALS = (
    ("land, kafka-python", "bare kafka-python", 2.0),
    ("land, confluent", "script by hand", 1.3),
)


class Cost(NamedTuple):
    """CPU seconds of a process and its children, and its peak memory in MiB."""

    cpu: float
    peak: float


def main() -> None:
    """Run every contender once and print the table."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = write_events(folder, events)
        broker = Broker(_made(folder / "broker"), resolve())
        broker.start()
        try:
            create_topic(broker.bootstrap_servers, TOPIC, PARTITIONS)
            produce(broker.bootstrap_servers, folder / "events" / f"{TOPIC}.jsonl")
            costs = _contend(folder, broker.bootstrap_servers, events)
        finally:
            broker.kill()
    print(f"{events:,} usage events of {size:.0f} bytes over {PARTITIONS} partitions\n")
    print(f"{'':24}{'CPU s':>8}{'events/CPU s':>14}{'peak MiB':>10}")
    for contender, cost in costs.items():
        print(f"{contender:24}{cost.cpu:8.1f}{events / cost.cpu:14,.0f}{cost.peak:10.0f}")
    print()
    for ours, theirs, goal in GOALS:
        print(f"{ours} / {theirs}: {costs[ours].cpu / costs[theirs].cpu:.2f} (goal: at most {goal})")


def _contend(folder: Path, servers: str, events: int) -> dict[str, Cost]:
    def rival(name: str) -> Cost:
        return measure([sys.executable, "-m", "tests.bench.rivals", name, servers, TOPIC, str(events)])

    lakes = itertools.count()

    def land(*source: str) -> Cost:
        lake = folder / f"lake-{next(lakes)}"
        script = Path(sys.executable).with_name("hydratrace")
        return measure([str(script), "land", "--lake", str(lake), "--key-file", str(folder / "key"), *source])

    return {
        "bare kafka-python": rival("kafka-python"),
        "land, kafka-python": land("--bootstrap-servers", servers),
        "bare confluent-kafka": rival("confluent"),
        "land, confluent": land("--bootstrap-servers", servers, "--fetcher", "confluent"),
        "script by hand": rival("by-hand"),
        "land, folder": land("--files", str(folder / "events")),
    }


def measure(command: list[str]) -> Cost:
    """What a command costs that ends well; else SystemExit."""
    print(f"… {' '.join(command[1:5])}", file=sys.stderr)
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command} ended with {status}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def write_events(folder: Path, events: int) -> float:
    """Simulate a world, then repeat its usage under new event ids up to `events`; return the mean size in bytes."""
    script = str(Path(sys.executable).with_name("hydratrace"))
    simulated = folder / "simulated"
    subprocess.run([script, "simulate", str(simulated), "--accounts", str(SIMULATED_ACCOUNTS)], check=True)
    written = 0
    with (_made(folder / "events") / f"{TOPIC}.jsonl").open("wb") as out:
        for number, line in enumerate(itertools.islice(_repeated(simulated / f"{TOPIC}.jsonl"), events)):
            written += out.write(b'{"event_id":"ev-%09d",' % number + line.partition(b",")[2])
    return written / events


def _repeated(path: Path) -> Iterator[bytes]:
    while True:
        with path.open("rb") as file:
            yield from (line for line in file if line.startswith(b'{"event_id":'))


def produce(servers: str, path: Path) -> None:
    """Send each line of the file to the topic, keyed by event."""
    producer = Producer({"bootstrap.servers": servers, "compression.type": "lz4", "linger.ms": 50})
    with path.open("rb") as file:
        for number, line in enumerate(file):
            while True:
                try:
                    producer.produce(TOPIC, line.rstrip(), key=line[20:29])
                    break
                except BufferError:
                    producer.poll(0.1)
            if number % 10_000 == 0:
                producer.poll(0)
    producer.flush()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
