"""make bench-queries: publishing and looking up over a synthetic lake, beside the goals.

Usage: python -m tests.bench.queries [ACCOUNTS EVENTS [COLD_STARTS]]
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from queries.casefile import segments
from queries.casefile.publish import NAME

HOT_SAMPLES = 100
COLD_CASES = ("account lookup", "account_timeline", "cluster_summary")
# Milliseconds at the 95th percentile.
GOALS = {
    ("hot", "account lookup"): 100,
    ("hot", "account_timeline"): 100,
    ("hot", "cluster_summary"): 1000,
    ("cold", "account lookup"): 500,
    ("cold", "account_timeline"): 500,
    ("cold", "cluster_summary"): 1000,
}
LARGEST_UPDATE = 0.15  # of a full publish


class Cost(NamedTuple):
    """Seconds on the clock, CPU seconds, and peak memory in MiB of a process."""

    seconds: float
    cpu: float
    peak: float


def main() -> None:
    """Build, publish twice, look up, print the table."""
    accounts, events, starts = (*map(int, sys.argv[1:]), *(1_000_000, 20_000_000, 20)[len(sys.argv) - 1 :])
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "lake"
        built = _measure([sys.executable, "-m", "tests.bench.lake", str(root), str(accounts), str(events)])
        full = _publish(root)
        print(f"{accounts:,} accounts, {events:,} usage events\n")
        print(f"{'':28}{'s':>8}{'CPU s':>8}{'peak MiB':>10}")
        _print_cost("building the lake", built)
        _print_cost("full publish", full)
        for change, name in (("more", "publish after one more day"), ("again", "publish after one more run")):
            _measure([sys.executable, "-m", "tests.bench.lake", change, str(root), str(accounts), str(events)])
            update = _publish(root)
            _print_cost(name, update)
            share = f"{update.seconds / full.seconds:.0%} of the seconds, {update.cpu / full.cpu:.0%} of the CPU"
            print(f"  {share} of the full publish (goal: at most {LARGEST_UPDATE:.0%})")
        print()
        _print_sizes(root)
        _print_lookups("hot", _hot(root, accounts))
        _print_lookups("cold", _cold(root, accounts, starts))


def _publish(root: Path) -> Cost:
    return _measure([str(Path(sys.executable).with_name("hydratrace")), "publish", "--lake", str(root)])


def _measure(command: list[str]) -> Cost:
    print(f"… {' '.join(command[1:4])}", file=sys.stderr)
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=sys.stderr)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command} ended with {status}")
    return Cost(time.monotonic() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _hot(root: Path, accounts: int) -> dict[str, list[float]]:
    return _lookups(root, accounts, HOT_SAMPLES)


def _cold(root: Path, accounts: int, starts: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {"open": []} | {case: [] for case in COLD_CASES}
    for number in range(starts):
        for case in COLD_CASES:
            for file in (root / NAME, *(root / segments.FOLDER).iterdir()):
                _forget(file)
            for name, times in _lookups(root, accounts, number, case).items():
                found[name] += times
    return found


def _lookups(root: Path, *arguments: object) -> dict[str, list[float]]:
    command = [sys.executable, "-m", "tests.bench.lookups", str(root), *map(str, arguments)]
    answer: dict[str, list[float]] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return answer


def _forget(file: Path) -> None:
    """Have the kernel drop the file from the page cache; it has no dirty pages, since publish syncs."""
    handle = os.open(file, os.O_RDONLY)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(handle)


def _print_cost(name: str, cost: Cost) -> None:
    print(f"{name:28}{cost.seconds:8.1f}{cost.cpu:8.1f}{cost.peak:10.0f}")


def _print_sizes(root: Path) -> None:
    files = list((root / segments.FOLDER).glob("*.duckdb"))
    gib = sum(file.stat().st_size for file in files) / 2**30
    print(f"case file {(root / NAME).stat().st_size / 2**30:.2f} GiB, {len(files)} segments of {gib:.2f} GiB\n")


def _print_lookups(state: str, found: dict[str, list[float]]) -> None:
    print(f"{state + ', ms':32}{'median':>8}{'p95':>8}{'goal':>8}{'samples':>9}")
    for case, times in found.items():
        ordered = sorted(times)
        median, p95 = ordered[len(ordered) // 2], ordered[-(-len(ordered) * 95 // 100) - 1]
        print(f"{case:32}{median:8.1f}{p95:8.1f}{GOALS.get((state, case), ''):>8}{len(ordered):9}")
    print()


if __name__ == "__main__":
    main()
