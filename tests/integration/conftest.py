"""The broker that tests marked `kafka` share, and what happens to tests where what they need cannot run."""

from collections.abc import Iterator

import pytest

from tests import not_run
from tests.integration.flink import jars as flink_jars
from tests.integration.kafka import jars
from tests.integration.kafka.broker import Broker


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
    """Skip the tests that need Kafka or Flink where Java or Maven is missing."""
    for what, missing in (("Kafka", jars.missing), ("Flink", flink_jars.missing)):
        needing = [item for item in items if item.get_closest_marker(what.lower())]
        if needing and (lack := missing()):
            not_run.skip(config, what, needing, f"{what} needs {lack}", "install a JRE 17+ and Maven")
