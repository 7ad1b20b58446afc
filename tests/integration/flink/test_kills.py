"""The oracle holds for a job on a real Flink of which everything is killed again and again."""

import itertools
import random
import time
from collections import Counter

import pytest

from pipeline.contract.events import TOPIC_OF_TABLE
from tests.integration.flink.kills import VICTIMS, kills
from tests.integration.flink.producing import Producing
from tests.integration.flink.rig import differing, running
from tests.integration.kafka import topics
from tests.integration.oracle import assert_exactly_once, landed, readable

pytestmark = pytest.mark.flink

KILLS = 12
PARTITIONS = {"usage": 8, "signup": 2}
PATIENCE_SECONDS = 240.0


def test_nothing_is_lost_or_doubled_when_everything_is_killed_in_turn(tmp_path):
    draw = random.Random(4)
    with running(tmp_path / "a path with spaces", PARTITIONS) as rig:
        servers = rig.broker.bootstrap_servers
        producing = Producing(servers, PARTITIONS, batch=20, seed=4)
        producing.start()
        try:
            rig.land({"stall_seconds": 60, "recycle_minutes": 2}, "--parallelism=2")
            _await(lambda: rig.landed() > 0, "the job to land")
            struck = []
            for kill in itertools.islice(
                kills(rig.cluster, rig.broker, rig.landed, draw, spread=4, patience=PATIENCE_SECONDS), KILLS
            ):
                struck.append(kill)
                if len(struck) == KILLS // 2:
                    topics.add_partitions(servers, TOPIC_OF_TABLE["signup"].name, 4)
                    producing.partitions["signup"] = 4
        finally:
            producing.stop()
        expected = {table: readable(servers, TOPIC_OF_TABLE[table].name) for table in PARTITIONS}
        everything = sum(map(len, expected.values()))
        _await(lambda: _rows(rig) >= everything, f"{everything} records to land")
        assert rig.end_landing() == 0
        _await(lambda: rig.active_jobs() == [], "the job to end")
        for table, offsets in expected.items():
            assert_exactly_once(rig.lake, table, offsets)
        assert differing(rig.lake, rig.land_in_micro_batches("micro-batches")) == {}
        assert {partition for _, partition, _ in expected["signup"]} == {0, 1, 2, 3}
    assert Counter(kill.victim for kill in struck) == dict.fromkeys(VICTIMS, KILLS // len(VICTIMS))


def _rows(rig) -> int:
    return sum(landed(rig.lake, table).total() for table in PARTITIONS)


def _await(reached, what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.5)
