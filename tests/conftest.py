"""What holds for every test, in one process or in several side by side (pytest-xdist)."""

import os
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from tests import not_run

BROKER = "tests/integration/"

# How long an example takes tells of the machine's other work.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def uncaged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory limits of a process cannot be taken back: the test process keeps none."""
    monkeypatch.setattr("resource.setrlimit", lambda *_: None)


class Together(LoadFileScheduling):
    """The tests of a file run in one process, for what they share, and all that need the broker in one that has it."""

    def _split_scope(self, nodeid: str) -> str:
        return BROKER if nodeid.startswith(BROKER) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The broker's tests come first: they wait much, and the other process works meanwhile."""
    items.sort(key=lambda item: not item.nodeid.startswith(BROKER))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In continuous integration, tests that did not run are a failure."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["not_run"] = not_run.lacking(session.config)
    elif not_run.lines(session.config) and os.environ.get("CI") == "true" and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear from a process that has ended what it did not run; each collects all tests."""
    not_run.lacking(node.config).update(getattr(node, "workeroutput", {}).get("not_run", {}))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave lines for `make test` to end with; what we print here, libraries could still print after at exit."""
    if not hasattr(config, "workeroutput") and (told := not_run.lines(config)):
        path = config.rootpath / ".cache" / "tests-not-run"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in told), encoding="utf-8")
