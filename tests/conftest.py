"""What holds for every test."""

import pytest


@pytest.fixture(autouse=True)
def uncaged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory limits of a process cannot be taken back: the test process keeps none."""
    monkeypatch.setattr("resource.setrlimit", lambda *_: None)
