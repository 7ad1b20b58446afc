"""`alert --follow`: what lands or is linked is told in a moment, by a process that ends when it is asked."""

import logging
import threading
import time

import pytest

from pipeline.alerts import follow as following
from pipeline.alerts.follow import follow
from pipeline.alerts.receiver import Outcome
from pipeline.alerts.secret_files import line
from pipeline.errors import UsageError
from pipeline.settings import Hook
from tests.pipeline.alerts.test_dispatch import Taker
from tests.pipeline.alerts.test_touched import Landing, touched


def wait_for(true, seconds=20):
    until = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < until, true
        time.sleep(0.02)
    return found


class Followed:
    """`follow` on a thread; `reports` is what it told."""

    def __init__(self, lake, hooks, make):
        self.stop, self.reports = threading.Event(), []
        self.thread = threading.Thread(target=follow, args=(lake, hooks, make, self.stop, self.reports.append))
        self.thread.start()

    def end(self):
        self.stop.set()
        self.thread.join(20)
        assert not self.thread.is_alive()


@pytest.fixture
def followed():
    started = []

    def start(*words):
        started.append(Followed(*words))
        return started[-1]

    yield start
    for one in started:
        one.end()


def test_what_is_linked_or_lands_is_told_in_a_moment(linked, followed):
    taker, hook = Taker(), Hook(name="h", type="jsonl")
    one = followed(linked.lake, [hook], lambda: {"h": taker})
    linked.link([linked.cluster("a")])
    wait_for(lambda: taker.changes() == [("born", "a")])
    Landing(linked).touch("a", "acct-x")
    began = time.monotonic()
    wait_for(lambda: touched(taker) == [("a", 1, ["acct-x"])])
    assert time.monotonic() - began < 5
    wait_for(lambda: [report.sent.delivered for report in one.reports] == [1, 1])


def test_what_failed_is_tried_again_when_it_is_due_and_a_failure_is_logged_once(linked, followed, caplog, monkeypatch):
    monkeypatch.setattr("pipeline.alerts.schedule.DELAYS", (0, 0.3, 0.3, 0.3))
    taker = Taker(*[Outcome("again", "HTTP 500")] * 2, Outcome("delivered", "HTTP 204"))
    linked.link([linked.cluster("a")])
    with caplog.at_level(logging.WARNING):
        one = followed(linked.lake, [Hook(name="h", type="jsonl")], lambda: {"h": taker})
        wait_for(lambda: one.reports)
    assert len(taker.got) == 3
    assert [record.getMessage() for record in caplog.records if "hook h" in record.getMessage()] == ["hook h: HTTP 500"]


def test_a_silent_receiver_holds_no_other_up(linked, followed):
    silent, quick = threading.Event(), Taker()

    class Silent(Taker):
        def deliver(self, message):
            silent.wait(10)
            return super().deliver(message)

    hooks = [Hook(name=name, type="jsonl") for name in ("silent", "quick")]
    linked.link([linked.cluster("a")])
    followed(linked.lake, hooks, lambda: {"silent": Silent(), "quick": quick})
    wait_for(lambda: len(quick.got) == 1)
    linked.link([linked.cluster("a"), linked.cluster("b")])
    wait_for(lambda: len(quick.got) == 2)
    silent.set()


def test_a_fault_of_ours_leaves_no_hook_without_a_thread(linked, followed, caplog, monkeypatch):
    monkeypatch.setattr(following, "REST_SECONDS", 0.1)
    taker, faults = Taker(), [ZeroDivisionError, ZeroDivisionError]

    class Faulty(Taker):
        def deliver(self, message):
            if faults:
                raise faults.pop()
            return taker.deliver(message)

    linked.link([linked.cluster("a")])
    followed(linked.lake, [Hook(name="h", type="jsonl")], lambda: {"h": Faulty()})
    wait_for(lambda: taker.got)
    assert "hook h: failed unexpectedly: ZeroDivisionError" in caplog.text


def test_a_secret_that_changes_is_read_again_and_a_wrong_one_changes_nothing(linked, followed, tmp_path, caplog):
    (tmp_path / "url").write_text("one")
    hook = Hook(name="h", type="webhook", url_file=str(tmp_path / "url"))
    takers = {"one": Taker(), "two": Taker()}

    def make():
        url = line(hook, "url_file")
        if url not in takers:
            raise UsageError("no such receiver")
        return {"h": takers[url]}

    linked.link([linked.cluster("a")])
    followed(linked.lake, [hook], make)
    wait_for(lambda: takers["one"].got)
    (tmp_path / "url").write_text("three")
    wait_for(lambda: "hooks go on as before: no such receiver" in caplog.text)
    (tmp_path / "url").write_text("two")
    time.sleep(3 * following.LOOK_SECONDS)
    linked.link([linked.cluster("a"), linked.cluster("b")])
    wait_for(lambda: takers["two"].changes() == [("born", "b")])
    assert takers["one"].changes() == [("born", "a")]
