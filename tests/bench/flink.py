"""make bench-flink: what landing on Flink costs, beside landing in micro-batches and the bare clients.

Usage: python -m tests.bench.flink [EVENTS]
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.bench.landing import TOPIC, measure, produce, write_events
from tests.integration.flink.rig import Rig, running
from tests.integration.oracle import readable

FETCHERS = ("kafka-python", "confluent")
SLOTS = (1, 2)
PARTITIONS = (4, 16)
PATIENCE_SECONDS = 300.0


class Cost(NamedTuple):
    """Events a second; CPU seconds of a million events: Python's (workers, supervisor), and those of Flink's JVMs."""

    rate: float
    python: float
    jvm: float


def main() -> None:
    """Run every combination once and print the table."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = write_events(folder, events)
        print(f"{events:,} usage events of {size:.0f} bytes; CPU seconds are those of a million events; a job on Flink")
        print("is measured from its first commit on, the others with their start\n")
        print(f"{'':44}{'events/s':>10}{'CPU s Python':>14}{'CPU s JVMs':>12}")
        for partitions in PARTITIONS:
            for contender, cost in _measured(folder, events, partitions):
                print(f"{contender:44}{cost.rate:10,.0f}{cost.python:14.1f}{cost.jvm:12.1f}", flush=True)


def _measured(folder: Path, events: int, partitions: int) -> Iterator[tuple[str, Cost]]:
    """All contenders over one topic of so many partitions."""
    with running(folder / str(partitions), {"usage": partitions}, slots=max(SLOTS)) as rig:
        servers = rig.broker.bootstrap_servers
        produce(servers, folder / "events" / f"{TOPIC}.jsonl")
        for fetcher in FETCHERS:
            topic = f"{partitions} partitions, {fetcher}"
            for slots in SLOTS:
                yield f"Flink, {slots} slots, {topic}", _on_flink(rig, slots, fetcher)
            command = rig.command("land", "--once", "--fetcher", fetcher, lake=f"micro-batches-{fetcher}")
            yield f"micro-batches, {topic}", _process(command, events)
            rival = [sys.executable, "-m", "tests.bench.rivals", fetcher, servers, TOPIC, str(events)]
            yield f"bare client, {topic}", _process(rival, events)


def _on_flink(rig: Rig, slots: int, fetcher: str) -> Cost:
    """Land the topic in a new lake; what lands first only shows that the job has started."""
    rig.root = rig.folder / f"flink-{slots}-{fetcher}"
    end = len(readable(rig.broker.bootstrap_servers, TOPIC))
    rig.land({"fetcher": fetcher}, f"--parallelism={slots}", f"--sdk_worker_parallelism={slots}")
    _await(lambda: rig.landed() > 0)
    first, before, began = rig.landed(), _cpu(rig), time.monotonic()
    _await(lambda: rig.landed() >= end)
    wall, after = time.monotonic() - began, _cpu(rig)
    rig.end_landing()
    share = 1e6 / (end - first)
    return Cost((end - first) / wall, (after[0] - before[0]) * share, (after[1] - before[1]) * share)


def _process(command: list[str], events: int) -> Cost:
    began = time.monotonic()
    cpu = measure(command).cpu
    return Cost(events / (time.monotonic() - began), cpu * 1e6 / events, 0.0)


def _cpu(rig: Rig) -> tuple[float, float]:
    """CPU seconds so far: (Python's, the JVMs')."""
    assert rig.landing
    members = rig.cluster.members
    jvm = sum(_seconds(members[name].pid or 0) for name in ("jobmanager", "taskmanager", "jobserver"))
    return sum(map(_seconds, [rig.landing.pid, *members["workers"].children()])), jvm


def _seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _await(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        if time.monotonic() > deadline:
            raise SystemExit("the events do not land")
        time.sleep(0.2)


if __name__ == "__main__":
    main()
