"""The broker that tests marked `kafka` share, and what happens to tests where what they need cannot run."""

import os
from collections.abc import Iterator

import pytest

from tests.integration.flink import jars as flink_jars
from tests.integration.kafka import jars
from tests.integration.kafka.broker import Broker

NOT_RUN = pytest.StashKey[int]()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A running broker. Tests may kill or pause it; the next test finds it running again."""
    broker = Broker(tmp_path_factory.mktemp("kafka"), jars.resolve())
    broker.start()
    yield broker
    if broker.is_running:
        broker.kill()


@pytest.fixture(autouse=True)
def _running_again(request: pytest.FixtureRequest) -> None:
    if "kafka" in request.fixturenames:
        broker: Broker = request.getfixturevalue("kafka")
        if broker.is_running:
            broker.resume()
        broker.start()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the tests that need Kafka or Flink, with the reason, where Java or Maven is missing."""
    for what, needed in (("kafka", jars.missing), ("flink", flink_jars.missing)):
        needing = [item for item in items if item.get_closest_marker(what)]
        if not needing or not (lack := needed()):
            continue
        config.stash[NOT_RUN] = config.stash.get(NOT_RUN, 0) + len(needing)
        for item in needing:
            item.add_marker(pytest.mark.skip(reason=f"{what} needs {lack}"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In continuous integration, tests that did not run are a failure."""
    if session.config.stash.get(NOT_RUN, 0) and os.environ.get("CI") == "true" and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave a line for `make test` to end with; what we print here, libraries could still print after at exit."""
    if count := config.stash.get(NOT_RUN, 0):
        line = config.rootpath / ".cache" / "tests-not-run"
        line.parent.mkdir(exist_ok=True)
        with line.open("a", encoding="utf-8") as file:
            file.write(f"Kafka and Flink: {count} tests NOT RUN: install a JRE 17+ and Maven\n")
