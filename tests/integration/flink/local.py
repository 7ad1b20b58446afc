"""make flink, make flink-stop: a local Flink to try things out, in .cache/flink.

Usage: python -m tests.integration.flink.local start [SLOTS] | stop
"""

import shlex
import sys

from tests.integration.flink.cluster import Cluster, Ports
from tests.integration.flink.jars import JARS
from tests.integration.maven import CACHE

FOLDER = CACHE / "flink"
SLOTS = 2


def main(words: list[str]) -> int:
    """Start or stop; 1 with a line when something is missing or fails."""
    if words[:1] == ["stop"]:
        Cluster(FOLDER, FOLDER, Ports()).stop()
        print("Flink is stopped")
        return 0
    if lack := JARS.missing():
        print(f"Flink needs {lack}", file=sys.stderr)
        return 1
    cluster = Cluster(FOLDER, JARS.resolve(), Ports(), int(words[1]) if len(words) > 1 else SLOTS)
    try:
        cluster.start()
    except RuntimeError as error:
        cluster.stop()
        print(error, file=sys.stderr)
        return 1
    print(f"Flink runs: http://127.0.0.1:{cluster.ports.rest}; logs in {FOLDER}/*.log; make flink-stop ends it")
    print(f"hydratrace land --follow --bootstrap-servers HOST:PORT -- {shlex.join(cluster.beam_options)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
