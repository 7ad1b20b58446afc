"""What keeps a job on Flink going, and what ends it."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.contract.events import TOPIC_OF_TABLE
from pipeline.lake import Lake
from tests.integration.flink.rig import Rig, running
from tests.integration.kafka import topics
from tests.integration.landing.test_matches import EVENTS, P95_SECONDS, WATCHED, _seen, signup
from tests.integration.landing.test_records import usage
from tests.integration.oracle import assert_exactly_once, readable
from tests.pipeline.records import KEY
from tests.pipeline.watched import write_run

pytestmark = pytest.mark.flink

PATIENCE_SECONDS = 240.0
GAP_SECONDS = 0.6
USAGE, SIGNUP = (TOPIC_OF_TABLE[table].name for table in ("usage", "signup"))


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with running(tmp_path_factory.mktemp("job"), dict.fromkeys(TOPIC_OF_TABLE, 2)) as rig:
        yield rig


def test_a_job_that_stands_still_is_told_of_and_submitted_again(rig):
    servers = rig.broker.bootstrap_servers
    topics.produce(servers, USAGE, usage(0, 100))
    rig.land({"stall_seconds": 45})
    _await(lambda: rig.landed() == 100, "the job to land")
    first = rig.active_jobs()
    frozen = rig.cluster.members["workers"].children()
    _signal(frozen, signal.SIGSTOP)
    topics.produce(servers, USAGE, usage(100, 100), partition=1)
    _await(lambda: "though records wait: submitting the job again" in rig.log.read_text(), "the watchdog")
    assert rig.landed() == 100
    _signal(frozen, signal.SIGKILL)  # else Flink would wait three minutes for it, and then end its task manager
    _await(lambda: rig.landed() == 200, "the next job to land")
    (second,) = rig.active_jobs()
    assert [second] != first
    assert rig.end_landing() == 0
    _await(lambda: rig.active_jobs() == [], "the job to end")
    assert_exactly_once(rig.lake, "usage", readable(servers, USAGE))


def test_a_job_whose_supervisor_was_killed_is_ended_by_the_next_one(rig):
    rig.land({})
    _await(lambda: len(rig.active_jobs()) == 1, "the first job")
    (left,) = rig.active_jobs()
    rig.landing.kill()
    rig.landing.wait()
    rig.land({})
    _await(lambda: rig.active_jobs() not in ([], [left]), "the next job")
    assert len(rig.active_jobs()) == 1
    assert rig.end_landing() == 0
    _await(lambda: rig.active_jobs() == [], "the job to end")


def test_run_links_what_a_job_lands_and_ends_the_job(rig):
    script = str(Path(sys.executable).with_name("hydratrace"))
    world = ["--accounts", "60", "--operators", "2", "--days", "3"]
    subprocess.run([script, "simulate", "--bootstrap-servers", rig.broker.bootstrap_servers, *world], check=True)
    rig.run()
    _await(lambda: (rig.root / "case.duckdb").exists(), "a case file")
    assert len(rig.active_jobs()) == 1
    assert rig.end_landing() == 0
    _await(lambda: rig.active_jobs() == [], "the job to end")
    for table, topic in TOPIC_OF_TABLE.items():
        assert_exactly_once(rig.lake, table, readable(rig.broker.bootstrap_servers, topic.name))


def test_a_match_is_visible_within_seconds_of_produce(rig, tmp_path):
    rig.root, rig.key = tmp_path / "lake", tmp_path / "key"
    rig.key.write_text(KEY.secret.hex())
    rig.key.chmod(0o600)
    write_run(Lake.create(rig.root, KEY.check), "run-1", *WATCHED)
    rig.land({})
    topics.produce(rig.broker.bootstrap_servers, SIGNUP, [signup(0, touches=False)])
    _await(lambda: rig.landed() > 0, "the job to land")
    found: dict[str, float] = {}
    watching = threading.Thread(target=lambda: found.update(_seen(rig.lake, EVENTS, PATIENCE_SECONDS)))
    watching.start()
    produced: dict[str, float] = {}
    for number in range(EVENTS):
        produced[f"touching-{number}"] = time.monotonic()
        topics.produce(rig.broker.bootstrap_servers, SIGNUP, [signup(number)], partition=number % 2)
        time.sleep(GAP_SECONDS * random.Random(number).random())
    watching.join()
    assert rig.end_landing() == 0
    assert found.keys() == produced.keys()
    waited = sorted(found[name] - at for name, at in produced.items())
    p95 = waited[round(0.95 * EVENTS) - 1]
    print(f"\nproduce → match on Flink: median {waited[EVENTS // 2]:.2f} s, p95 {p95:.2f} s, worst {waited[-1]:.2f} s")
    assert p95 <= P95_SECONDS


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)


def _await(reached: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.3)
