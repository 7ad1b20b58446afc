"""make bench-link: linking synthetic providers of growing size, stage by stage, beside Splink on the same keys.

Usage: python -m tests.bench.link [ACCOUNTS EVENTS HUB]…
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

SIZES = ["10000", "1000000", "0", "100000", "10000000", "0", "1000000", "20000000", "100000"]
GOAL = "1,000,000 accounts, 20,000,000 requests: 300 s, 6,144 MiB; records alone: half of Splink's seconds and memory"


class Cost(NamedTuple):
    """Seconds on the clock, CPU seconds, and peak memory in MiB of a process, with what it printed as JSON."""

    seconds: float
    cpu: float
    peak: float
    said: Any


def main() -> None:
    """Make each provider, link it, link it again a day later, and have Splink and graph cluster its keys."""
    print(f"goals: {GOAL}")
    asked = sys.argv[1:] or SIZES
    for accounts, events, hub in zip(asked[::3], asked[1::3], asked[2::3], strict=True):
        with tempfile.TemporaryDirectory(prefix="hydratrace-bench-") as folder:
            lake = str(Path(folder) / "lake")
            _run("tests.bench.crowd", lake, accounts, events, hub)
            hubs = f", {int(hub):,} of them behind one hub" if int(hub) else ""
            print(f"\n{int(accounts):,} accounts, {int(events):,} requests{hubs}\n")
            print(f"{'':62}{'s':>8}{'CPU s':>8}{'peak MiB':>10}")
            _print_stages(_link(lake))
            _run("tests.bench.ownkeys", "records", lake)
            for rival, module in (("Splink", "splinked"), ("graph", "ownkeys")):
                _print(f"records alone, {rival}", _run(f"tests.bench.{module}", lake))
            _run("tests.bench.crowd", "more", lake, accounts, events, hub)
            _print("link after one more day", _link(lake))


def _link(lake: str) -> Cost:
    """A link's cost; its stages have the kernel forget the peak, so it is the greatest of theirs."""
    cost = _run("tests.bench.linking", lake)
    return cost._replace(peak=max(stage[3] for stage in cost.said))


def _run(*command: str) -> Cost:
    print(f"… {' '.join(command)}", file=sys.stderr)
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", *command], stdout=subprocess.PIPE)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command} ended with {status}")
    spent = time.monotonic() - started
    return Cost(spent, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, json.loads(said or b"null"))


def _print_stages(cost: Cost) -> None:
    for stage, seconds, cpu, peak in cost.said:
        print(f"  {stage[:60]:60}{seconds:8.1f}{cpu:8.1f}{peak:10.0f}")
    _print("link", cost._replace(said=None))


def _print(name: str, cost: Cost) -> None:
    seconds, cpu, peak, _ = cost
    if cost.said and isinstance(cost.said[0], str):
        what, seconds, cpu, peak = cost.said
        name = f"{name}: {what}"
    print(f"{name[:62]:62}{seconds:8.1f}{cpu:8.1f}{peak:10.0f}", flush=True)


if __name__ == "__main__":
    main()
