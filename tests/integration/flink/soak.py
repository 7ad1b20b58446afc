"""make soak: kills, for as long as it takes, of everything that a landing job on Flink consists of; prints its figures.

Usage: python -m tests.integration.flink.soak [KILLS [EVENTS [MINUTES]]]
"""

import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from pipeline.contract.events import TOPIC_OF_TABLE
from tests.integration.flink.kills import VICTIMS, Kill, kills
from tests.integration.flink.producing import Producing
from tests.integration.flink.rig import Rig, differing, running
from tests.integration.oracle import landed, readable

KILLS = 100
EVENTS = 500_000
MINUTES = 180.0
PARTITIONS = {"usage": 8, "signup": 2, "payment": 2}
# A kill comes this soon after something landed, at most: some meet a job that restores, most one that reads.
SPREAD_SECONDS = 4.0
# New events a partition, and the pause after each round: the events are spread over most of the kills.
BATCH = 400
PAUSE_SECONDS = 15.0
# Once all are sent, so that there goes on being something to land after each kill.
FEW = 5
PATIENCE_SECONDS = 300.0
SETTINGS = {"stall_seconds": 60, "recycle_minutes": 10}


def main(words: list[str]) -> int:
    """Run it; 0 if the oracle holds."""
    wanted = int(words[0]) if words else KILLS
    events = int(words[1]) if len(words) > 1 else EVENTS
    minutes = float(words[2]) if len(words) > 2 else MINUTES
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), PARTITIONS) as rig:
        began = time.monotonic()
        struck = _strike(rig, wanted, events, began + minutes * 60)
        return _report(rig, struck, time.monotonic() - began)


def _strike(rig: Rig, wanted: int, events: int, until: float) -> list[Kill]:
    """Kill while events come."""
    producing = Producing(rig.broker.bootstrap_servers, PARTITIONS, BATCH, seed=1, pause=PAUSE_SECONDS)
    producing.start()
    rig.land(SETTINGS, "--parallelism=2")
    _await(lambda: rig.landed() > 0)
    striking = kills(
        rig.cluster, rig.broker, rig.landed, random.Random(1), spread=SPREAD_SECONDS, patience=PATIENCE_SECONDS
    )
    struck: list[Kill] = []
    try:
        while time.monotonic() < until and (len(struck) < wanted or producing.sent < events):
            if producing.sent >= events:
                producing.batch = FEW
            struck.append(next(striking))
            last = struck[-1]
            print(f"{len(struck)}: {last.victim}, {last.recovery:.1f} s; {producing.sent:,} sent", flush=True)
    finally:
        producing.stop()
    return struck


def _report(rig: Rig, struck: list[Kill], seconds: float) -> int:
    servers = rig.broker.bootstrap_servers
    expected = {table: readable(servers, TOPIC_OF_TABLE[table].name) for table in PARTITIONS}
    everything = sum(map(len, expected.values()))
    _await(lambda: sum(landed(rig.lake, table).total() for table in PARTITIONS) >= everything)
    status = rig.end_landing()
    counts = {table: landed(rig.lake, table) for table in PARTITIONS}
    lost = sum(len(offsets - set(counts[table])) for table, offsets in expected.items())
    doubled = sum(count - 1 for counted in counts.values() for count in counted.values() if count > 1)
    surplus = sum(len(set(counts[table]) - offsets) for table, offsets in expected.items())
    different = differing(rig.lake, rig.land_in_micro_batches("micro-batches"))
    victims = Counter(kill.victim for kill in struck)
    print(f"\n{len(struck)} kills in {seconds / 60:.0f} minutes: {', '.join(f'{victims[v]} × {v}' for v in VICTIMS)}")
    for victim in VICTIMS:
        took = [kill.recovery for kill in struck if kill.victim == victim]
        if took:
            middle, longest = statistics.median(took), max(took)
            print(f"  {victim}: the next record landed after {middle:.1f} s (median), {longest:.1f} s at most")
    commits = sum(rig.lake.table(table).version() for table in (*PARTITIONS, "rejected"))
    partitions = sum(PARTITIONS.values())
    print(
        f"{everything:,} readable records over {partitions} partitions, {commits:,} commits; "
        f"the job was submitted {rig.submissions()} times"
    )
    print(f"lost {lost}, doubled {doubled}, never readable {surplus}; rows unlike micro-batches': {different or 0}")
    print(f"hydratrace land ended with status {status} on SIGTERM")
    return int(bool(lost or doubled or surplus or different or status))


def _await(reached) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        if time.monotonic() > deadline:
            raise SystemExit("nothing more lands")
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
