"""What holds for every test."""

import os

import pytest

from tests import not_run


@pytest.fixture(autouse=True)
def uncaged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory limits of a process cannot be taken back: the test process keeps none."""
    monkeypatch.setattr("resource.setrlimit", lambda *_: None)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In continuous integration, tests that did not run are a failure."""
    if not_run.lines(session.config) and os.environ.get("CI") == "true" and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave lines for `make test` to end with; what we print here, libraries could still print after at exit."""
    if told := not_run.lines(config):
        path = config.rootpath / ".cache" / "tests-not-run"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in told), encoding="utf-8")
