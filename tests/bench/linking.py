"""Links a lake once and prints, as JSON, each stage with its seconds, CPU seconds and peak memory in MiB.

Usage: python -m tests.bench.linking LAKE
"""

import json
import sys
import time
from pathlib import Path

from graph.link import link
from pipeline.lake import Lake

STATUS = Path("/proc/self/status")
# Writing 5 here has the kernel forget the process's peak (proc(5)).
FORGET = Path("/proc/self/clear_refs")


def main() -> None:
    """Link and print."""
    stages: list[tuple[str, float, float, float]] = []
    began = time.perf_counter(), time.process_time()

    def tell(line: str) -> None:
        nonlocal began
        now = time.perf_counter(), time.process_time()
        stages.append((line.split(" s  ", 1)[-1], now[0] - began[0], now[1] - began[1], peak()))
        print("{1:7.1f} s {2:7.1f} CPU s {3:7.0f} MiB  {0}".format(*stages[-1]), file=sys.stderr, flush=True)
        FORGET.write_text("5", encoding="ascii")
        began = now

    link(Lake.open(Path(sys.argv[1])), None, tell)
    print(json.dumps(stages))


def peak() -> float:
    """The most memory held since it was last forgotten, MiB."""
    line = next(line for line in STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
