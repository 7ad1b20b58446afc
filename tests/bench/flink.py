"""make bench-flink: what landing on Flink costs, beside landing in micro-batches and the bare clients.

Usage: python -m tests.bench.flink [EVENTS]
"""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.bench.landing import TOPIC, measure, produce, write_events
from tests.integration.flink.rig import Rig, running
from tests.integration.kafka import topics
from tests.pipeline.records import event

FETCHERS = ("kafka-python", "confluent")
SLOTS = (1, 2)
PARTITIONS = (4, 16)
PATIENCE_SECONDS = 300.0


class Cost(NamedTuple):
    """Seconds on the clock and of CPU: of Python (workers and supervisor), and of Flink's JVMs."""

    wall: float
    python: float
    jvm: float


def main() -> None:
    """Run every combination once and print the table."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = write_events(folder, events)
        path = folder / "events" / f"{TOPIC}.jsonl"
        rows = [row for count in PARTITIONS for row in _measured(folder / str(count), path, events, count)]
    print(f"{events:,} usage events of {size:.0f} bytes; CPU seconds are per million events\n")
    print(f"{'':44}{'events/s':>10}{'CPU s Python':>14}{'CPU s JVMs':>12}")
    for contender, cost in rows:
        million = 1e6 / events
        print(f"{contender:44}{events / cost.wall:10,.0f}{cost.python * million:14.1f}{cost.jvm * million:12.1f}")


def _measured(folder: Path, path: Path, events: int, partitions: int) -> list[tuple[str, Cost]]:
    """All contenders over a topic of so many partitions."""
    rows: list[tuple[str, Cost]] = []
    for slots in SLOTS:
        for fetcher in FETCHERS:
            with running(folder / f"{slots}-{fetcher}", {"usage": partitions}, slots=slots) as rig:
                cost = _on_flink(rig, path, events, slots, fetcher)
                rows.append((f"Flink, {slots} slots, {partitions} partitions, {fetcher}", cost))
                if slots == SLOTS[-1]:
                    rows.append((f"micro-batches, {partitions} partitions, {fetcher}", _in_process(rig, fetcher)))
                    rows.append((f"bare client, {partitions} partitions, {fetcher}", _bare(rig, fetcher, events)))
    return sorted(rows)


def _on_flink(rig: Rig, path: Path, events: int, slots: int, fetcher: str) -> Cost:
    """Land the events with a job that runs already; its workers are frozen until all of them are in Kafka."""
    rig.land({"fetcher": fetcher}, f"--parallelism={slots}", f"--sdk_worker_parallelism={slots}")
    topics.produce(rig.broker.bootstrap_servers, TOPIC, [(b"first", event("usage"))])
    _await(lambda: rig.landed() == 1)
    workers = rig.cluster.members["workers"].children()
    _signal(workers, signal.SIGSTOP)
    produce(rig.broker.bootstrap_servers, path)
    before, began = _cpu(rig), time.monotonic()
    _signal(workers, signal.SIGCONT)
    _await(lambda: rig.landed() > events)
    wall, after = time.monotonic() - began, _cpu(rig)
    rig.end_landing()
    return Cost(wall, after[0] - before[0], after[1] - before[1])


def _in_process(rig: Rig, fetcher: str) -> Cost:
    return _process(rig.command("land", "--once", "--fetcher", fetcher, lake="micro-batches"))


def _bare(rig: Rig, fetcher: str, events: int) -> Cost:
    servers = rig.broker.bootstrap_servers
    return _process([sys.executable, "-m", "tests.bench.rivals", fetcher, servers, TOPIC, str(events)])


def _process(command: list[str]) -> Cost:
    began = time.monotonic()
    cost = measure(command)
    return Cost(time.monotonic() - began, cost.cpu, 0.0)


def _cpu(rig: Rig) -> tuple[float, float]:
    """CPU seconds so far: (Python's, the JVMs')."""
    assert rig.landing
    members = rig.cluster.members
    jvm = sum(_seconds(members[name].pid or 0) for name in ("jobmanager", "taskmanager", "jobserver"))
    return sum(map(_seconds, [rig.landing.pid, *members["workers"].children()])), jvm


def _seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)


def _await(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        if time.monotonic() > deadline:
            raise SystemExit("the events do not land")
        time.sleep(0.2)


if __name__ == "__main__":
    main()
