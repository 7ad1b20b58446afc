"""make bench-alerts: how long after an event a hook hears of it, with `hydratrace run` on a real Kafka broker.

Usage: python -m tests.bench.alerts [TOUCHES [OPERATORS]]
"""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.integration.kafka.broker import Broker
from tests.integration.kafka.jars import resolve
from tests.integration.service.rig import Rig, awaited, touching

LINK_MINUTES = 0.5
KNOWN_GOAL_SECONDS, NEW_GOAL_SECONDS = 5.0, LINK_MINUTES * 60 + 30
PATIENCE_SECONDS = 300.0
# Seconds between touches, apart from the tick of landing, so that they meet it at any phase; and fewer than what a hook
# is told one by one.
BETWEEN_SECONDS = 2.3
WORLD = ("--accounts", "150", "--operators", "2", "--days", "3", "--seed")


def main() -> None:
    """Measure both and print them."""
    touches = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    operators = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as name:
        broker = Broker(_made(Path(name) / "broker"), resolve())
        broker.start()
        try:
            rig = Rig(_made(Path(name) / "rig"), broker, LINK_MINUTES)
            with rig.running():
                known = _known(rig, touches)
                new = [_new(rig, seed) for seed in range(100, 100 + operators)]
        finally:
            broker.kill()
    _print("an event that touches a known operator → alert", known, KNOWN_GOAL_SECONDS)
    _print(f"last event of a new operator → alert, links every {LINK_MINUTES * 60:.0f} s", new, NEW_GOAL_SECONDS)


def _known(rig: Rig, touches: int) -> list[float]:
    events = rig.simulate("provider", *WORLD, "3")
    for table, sent in events.items():
        rig.send(table, sent)
    awaited(rig.told, PATIENCE_SECONDS)
    found = rig.conversations(events["usage"])
    assert len(found) >= touches, f"{len(found)} conversations are watched"
    waits = []
    for number in range(touches):
        account, event = touching(found[number * len(found) // touches], number)
        sent_at = rig.send("usage", [event])
        awaited(lambda account=account: account in rig.touchers(), PATIENCE_SECONDS)
        waits.append(time.monotonic() - sent_at)
        print(f"touch {number}: {waits[-1]:.2f} s", file=sys.stderr)
        time.sleep(BETWEEN_SECONDS)
    return waits


def _new(rig: Rig, seed: int) -> float:
    """Seconds from the last event of another provider's accounts to the first alert about a new cluster of theirs."""
    sent_at, accounts = 0.0, set[str]()
    for table, sent in rig.simulate(f"provider-{seed}", *WORLD, str(seed)).items():
        accounts.update(json.loads(event)["account_id"] for event in sent)
        sent_at = rig.send(table, sent)

    def told() -> bool:
        born = [finding for finding in rig.told() if finding["change"] == "born"]
        return any(member["account_id"] in accounts for finding in born for member in finding["members"])

    awaited(told, PATIENCE_SECONDS)
    wait = time.monotonic() - sent_at
    print(f"operator of seed {seed}: {wait:.1f} s", file=sys.stderr)
    return wait


def _print(what: str, waits: list[float], goal: float) -> None:
    if not waits:
        return
    last = sorted(waits)[max(0, -(-len(waits) * 95 // 100) - 1)]
    print(f"{what}: {len(waits)} times, median {statistics.median(waits):.2f} s, p95 {last:.2f} s (goal {goal:g} s)")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()
