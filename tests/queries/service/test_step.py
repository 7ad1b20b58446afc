import time

import pytest

from queries.service.step import LONGEST_PAUSE_SECONDS, Step


@pytest.fixture
def told():
    return []


def ended(step, now):
    """Run the step once; whether it went well."""
    step.start(now)
    until = time.monotonic() + 30
    while step.running and not (well := step.look(now + 1)):
        assert time.monotonic() < until
        time.sleep(0.02)
    return well


def test_a_failure_is_told_once_a_change_and_the_pauses_grow(told, tmp_path):
    step = Step("status", ["status", "--lake", str(tmp_path / "7")], told.append, lambda: None, endless=False)
    assert not ended(step, 0)
    assert step.problem.startswith(f"no lake at {tmp_path / '7'}; expected a folder with hydratrace.json")
    assert (step.failures, step.not_before) == (1, 2.0)
    assert not ended(step, 10)
    assert (step.failures, step.not_before) == (2, 13.0)
    assert len(told) == 1
    assert told[0].startswith("status failed: no lake at")
    step.recover()
    assert told[1:] == ["status works again"]
    assert step.problem == ""
    assert LONGEST_PAUSE_SECONDS == 60


def test_the_end_of_what_should_never_end_is_a_failure(told):
    step = Step("query", ["query"], told.append, lambda: None, endless=True)
    assert not ended(step, 0)
    assert step.problem


def test_a_killed_process_says_so(told, tmp_path):
    step = Step("search", ["search", "--lake", str(tmp_path)], told.append, lambda: None, endless=False)
    step.start(0)
    step.kill()
    assert step.gone()
    assert not step.look(1)
    assert step.problem == "killed by SIGKILL"
