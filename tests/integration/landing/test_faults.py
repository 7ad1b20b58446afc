"""Kills, outages and rivals: the oracle holds through all of them."""

import multiprocessing
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.errors import UnreachableError
from pipeline.lake import Lake
from pipeline.landing.micro_batches import follow
from pipeline.sources import kafka as kafka_source
from pipeline.sources.kafka import Kafka
from tests.integration.kafka import topics
from tests.integration.landing.test_records import FETCHERS, usage
from tests.integration.oracle import assert_exactly_once, landed, readable
from tests.pipeline.landed import drained, job

pytestmark = pytest.mark.kafka

KILLS = 12
COMMIT_SECONDS = 0.4  # about what passes from one tick's commits to the next one's


def _follow(servers: str, topic: str, fetcher: str, lake: Path) -> None:
    source = Kafka(servers, {"usage": topic}, {}, fetcher, 50, 200, 2**24)
    follow(job(lake, source, commit_records=100), threading.Event(), lambda tick: None, 0.05)


@pytest.fixture(scope="module")
def forks() -> multiprocessing.context.ForkServerContext:
    """Starts jobs in milliseconds: its server has imported what they need, and has used none of it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.integration.landing.test_faults", "pipeline.landing.in_process"])
    return context


@contextmanager
def producing(servers: str, topic: str) -> Iterator[None]:
    """Records of many kinds keep coming to both partitions while the block runs."""
    stop = threading.Event()

    def produce() -> None:
        for number in range(1_000_000):
            for partition in (0, 1):
                records = [*usage(number * 100, 20), (None, b"bad"), (b"k", None)]
                if number % 4:
                    topics.produce(servers, topic, records, partition=partition, compression="zstd")
                else:
                    topics.produce_transaction(servers, topic, records, partition=partition, abort=number % 8 == 0)
            if stop.wait(0.1):
                return

    thread = threading.Thread(target=produce)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("fetcher", FETCHERS)
def test_jobs_that_are_killed_at_any_moment_lose_and_double_nothing(kafka, job_for, tmp_path, forks, fetcher):
    servers, name, draw = kafka.bootstrap_servers, f"kills-{fetcher}", random.Random(f"kills {fetcher}")
    topics.create_topic(servers, name, partitions=2)
    landing = job_for({"usage": name}, fetcher)
    after_kills = []
    with producing(servers, name):
        for _ in range(KILLS // len(FETCHERS)):
            process = forks.Process(target=_follow, args=(servers, name, fetcher, tmp_path / "lake"))
            process.start()
            _await_commits(tmp_path / "lake", draw.choice([0, 1, 1, 2]))
            time.sleep(COMMIT_SECONDS * draw.random())
            process.kill()
            process.join()
            after_kills.append(sum(landed(landing.lake, "usage").values()))
    assert len(set(after_kills)) >= 3, f"the kills came before anything landed: {after_kills}"
    topics.produce(servers, name, usage(200_000_000, 20))  # so that something is left to land after the last kill
    drained(landing)
    expected = readable(servers, name)
    assert max(after_kills) < len(expected)
    assert_exactly_once(landing.lake, "usage", expected)


def test_two_jobs_at_once_land_every_record_once(kafka, tmp_path, forks):
    servers, name = kafka.bootstrap_servers, "rivals"
    topics.create_topic(servers, name, partitions=2)
    for partition in (0, 1):
        topics.produce(servers, name, [*usage(0, 300), (None, b"bad")] * 2, partition=partition)
    jobs = [forks.Process(target=_follow, args=(servers, name, fetcher, tmp_path / "lake")) for fetcher in FETCHERS * 2]
    expected = readable(servers, name)
    for process in jobs:
        process.start()
    lake = _awaited(tmp_path / "lake", len(expected))
    exits = [process.exitcode for process in jobs]
    for process in jobs:
        process.kill()
        process.join()
    assert exits == [None] * len(jobs), "a job ended by itself"
    assert_exactly_once(lake, "usage", expected)


def _await_commits(lake: Path, more: int) -> None:
    """Wait for so many more commits to any table, so that kills come as late on a slow machine as on a fast one."""
    before, deadline = len(list(lake.glob("*/_delta_log/*.json"))), time.monotonic() + 30
    while len(list(lake.glob("*/_delta_log/*.json"))) < before + more and time.monotonic() < deadline:
        time.sleep(0.01)


def _awaited(root: Path, records: int) -> Lake:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        time.sleep(0.3)
        if (root / "hydratrace.json").exists() and landed(Lake.open(root), "usage").total() >= records:
            return Lake.open(root)
    raise AssertionError("the jobs did not land everything in time")


@pytest.mark.parametrize("fetcher", FETCHERS)
def test_a_broker_that_is_killed_in_mid_read_is_waited_for(kafka, job_for, fetcher):
    servers, name = kafka.bootstrap_servers, f"restart-{fetcher}"
    topics.create_topic(servers, name, partitions=2)
    for partition in (0, 1):
        topics.produce(servers, name, usage(0, 500), partition=partition)
    landing = job_for({"usage": name}, fetcher, polls=50, span=200)
    stop, ticks = threading.Event(), []
    restart = threading.Thread(target=kafka.start)

    def report(tick):
        ticks.append(tick)
        if len(ticks) == 3:
            kafka.kill()
            restart.start()
        if tick.idle:
            stop.set()

    follow(landing, stop, report, 0.05)
    restart.join()
    assert sum(tick.landed for tick in ticks) == 1000
    assert_exactly_once(landing.lake, "usage", readable(servers, name))


def test_a_broker_that_freezes_and_thaws_is_waited_for(kafka, job_for):
    servers, name = kafka.bootstrap_servers, "frozen"
    topics.create_topic(servers, name)
    topics.produce(servers, name, usage(0, 500))
    landing = job_for({"usage": name}, polls=50, span=100)
    assert landing.tick().landed == 100
    kafka.pause()
    thaw = threading.Timer(2, kafka.resume)
    thaw.start()
    assert sum(tick.landed for tick in drained(landing)) == 400
    thaw.join()
    assert_exactly_once(landing.lake, "usage", readable(servers, name))


def test_a_broker_that_is_not_there_is_one_clear_line(kafka, job_for, monkeypatch):
    monkeypatch.setattr(kafka_source, "CALL_TIMEOUT_MS", 1000)
    kafka.kill()
    with pytest.raises(UnreachableError, match=r"^Kafka at 127\.0\.0\.1:\d+ does not answer \(.*\); check bootstrap_"):
        job_for({"usage": "any"}).tick()
