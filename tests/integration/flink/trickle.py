"""make trickle: memory of every process and the size of checkpoints while few events come; prints a verdict.

Usage: python -m tests.integration.flink.trickle [MINUTES]
"""

import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.integration.flink.producing import Producing
from tests.integration.flink.rig import Rig, running

MINUTES = 30.0
PARTITIONS = {"usage": 8, "signup": 2}
SAMPLE_SECONDS = 15.0
# Twice in half an hour and once more: what grows with a job's age must shrink again.
RECYCLE_MINUTES = 8
# Between the middle and the last third of the time; a heap that is not collected yet is no leak.
GROWTH = 1.25
SLACK_MIB = 16.0


def main(words: list[str]) -> int:
    """Sample, print, judge; 0 if everything stays bounded."""
    minutes = float(words[0]) if words else MINUTES
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), PARTITIONS) as rig:
        producing = Producing(rig.broker.bootstrap_servers, PARTITIONS, batch=1, seed=3, pause=5.0)
        producing.start()
        try:
            rig.land({"recycle_minutes": RECYCLE_MINUTES})
            samples = _samples(rig, minutes * 60)
        finally:
            producing.stop()
        submitted = rig.submissions()
        print(f"\n{producing.sent:,} records in {minutes:.0f} minutes, {rig.landed():,} offsets landed")
        print(f"{submitted} submissions, one every {RECYCLE_MINUTES} minutes; MiB:\n")
    return _judge(samples)


def _samples(rig: Rig, seconds: float) -> list[Mapping[str, float]]:
    samples: list[Mapping[str, float]] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(SAMPLE_SECONDS)
        samples.append(_sample(rig))
        print(", ".join(f"{name} {size:.1f}" for name, size in samples[-1].items()), flush=True)
    return samples


def _sample(rig: Rig) -> Mapping[str, float]:
    """MiB by process, of the Python workers together, and of the checkpoints on disk."""
    assert rig.landing
    members = rig.cluster.members
    found = {name: _resident(members[name].pid or 0) for name in members}
    found["python workers"] = sum(map(_resident, members["workers"].children()))
    found["worker pool"] = found.pop("workers")
    found["hydratrace land"] = _resident(rig.landing.pid)
    found["checkpoints"] = _size(rig.cluster.checkpoints)
    return found


def _judge(samples: list[Mapping[str, float]]) -> int:
    third = len(samples) // 3
    print(f"{'':18}{'first third':>12}{'middle':>10}{'last':>10}   (peaks)")
    unbounded = []
    for name in samples[0]:
        first, middle, last = (max(each[name] for each in part) for part in _thirds(samples, third))
        print(f"{name:18}{first:12.1f}{middle:10.1f}{last:10.1f}")
        if last > middle * GROWTH + SLACK_MIB:
            unbounded.append(name)
    print(f"\n{'growing: ' + ', '.join(unbounded) if unbounded else 'nothing grows'}")
    return int(bool(unbounded))


def _thirds(samples: list[Mapping[str, float]], size: int) -> list[list[Mapping[str, float]]]:
    return [samples[:size], samples[size : 2 * size], samples[2 * size :]]


def _resident(pid: int) -> float:
    """MiB of memory that a process has; 0 when it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _size(folder: Path) -> float:
    size = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            size += path.stat().st_size if path.is_file() else 0
    return size / 2**20


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
