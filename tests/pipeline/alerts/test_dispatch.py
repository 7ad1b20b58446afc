import datetime as dt
import hashlib
import threading
import time

import msgspec
import pytest

from pipeline.alerts import sending
from pipeline.alerts.dispatch import replay, run_pass
from pipeline.alerts.outbox import MOST_FILES, Outbox, all_deliveries
from pipeline.alerts.receiver import Outcome
from pipeline.errors import LakeError
from pipeline.settings import Hook
from tests.pipeline.alerts.conftest import LinkedLake

NOON = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
HOOK = Hook(name="h", type="jsonl")
AGAIN = Outcome("again", "HTTP 500 Internal Server Error")
DONE = Outcome("delivered", "HTTP 204 No Content")


class Taker:
    """A receiver that answers from a script (then always the last answer) and remembers what it got."""

    def __init__(self, *answers):
        self.answers, self.got = list(answers) or [DONE], []

    def deliver(self, message):
        self.got.append(message)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def changes(self):
        return [(m.envelope.data.change, m.envelope.data.cluster_uid) for m in self.got]

    def ids(self):
        return [m.alert_uid for m in self.got]


class Clock:
    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now

    def forward(self, **by):
        self.now += dt.timedelta(**by)


@pytest.fixture
def clock():
    return Clock()


def tell(linked, taker, clock, hook=HOOK):
    return run_pass(linked.lake, [hook], {hook.name: taker}, clock)[0]


def states(linked):
    return [(a.state, a.attempts) for a in all_deliveries(linked.lake)]


def test_a_new_cluster_is_told_once_over_passes_and_relinks(linked, clock):
    taker = Taker()
    linked.link([linked.cluster("a"), linked.cluster("o", verdict="organisation")])
    assert tell(linked, taker, clock).sent.delivered == 1
    tell(linked, taker, clock)
    linked.link([linked.cluster("a", requests=9000), linked.cluster("o", verdict="organisation")])
    tell(linked, taker, clock)
    assert taker.changes() == [("born", "a")]
    assert [m.account_id for m in taker.got[0].envelope.data.members] == ["acct_a_2", "acct_a_1", "acct_a_0"]
    assert states(linked) == [("delivered", 1)]


def test_slow_growth_is_told_when_it_is_material_since_the_hook_was_told(linked, clock):
    taker = Taker()
    for accounts in (10, 11, 12, 13, 14, 15, 16):  # a tenth at a time: no run raises the revision
        linked.link([linked.cluster("a", accounts=accounts)])
        tell(linked, taker, clock)
        tell(linked, taker, clock)
    assert [(m.envelope.data.change, m.envelope.data.accounts) for m in taker.got] == [
        ("born", 10),
        ("grew", 13),
        ("grew", 16),
    ]
    assert len(set(taker.ids())) == 3


def test_slow_growth_of_a_cleared_cluster_breaks_the_silence(linked, clock):
    taker = Taker()
    linked.link([linked.cluster("a", accounts=10)])
    linked.decide("a", "benign", after_run=1)
    for accounts in (11, 12, 13):
        linked.link([linked.cluster("a", accounts=accounts)])
        tell(linked, taker, clock)
    assert [(m.envelope.data.change, m.envelope.data.accounts) for m in taker.got] == [("born", 13)]


def test_each_hook_hears_for_itself_under_its_own_id(linked, clock):
    linked.link([linked.cluster("a")])
    takers = {"h": Taker(), "i": Taker()}
    run_pass(linked.lake, [HOOK, Hook(name="i", type="jsonl", verdicts=("resale",))], takers, clock)
    assert (takers["h"].changes(), takers["i"].changes()) == ([("born", "a")], [])
    run_pass(linked.lake, [HOOK, Hook(name="i", type="jsonl")], takers, clock)
    assert takers["i"].changes() == [("born", "a")]
    assert takers["i"].ids() != takers["h"].ids()


def test_the_life_of_clusters_is_told_though_runs_went_by_unseen(linked, clock):
    taker = Taker()
    linked.link([linked.cluster("a"), linked.cluster("b"), linked.cluster("c")])
    tell(linked, taker, clock)
    linked.link([linked.cluster("a", 2, accounts=6), linked.cluster("c")], [linked.lineage("b", "merged_into", "a")])
    linked.link([linked.cluster("a", 2, accounts=6)], [linked.lineage("c", "retired")])
    linked.link([linked.cluster("a", 2, accounts=6)])
    tell(linked, taker, clock)
    assert sorted(taker.changes()[3:]) == [("absorbed", "a"), ("merged_into", "b"), ("retired", "c")]
    linked.link([linked.cluster("a", 2, accounts=6), linked.cluster("c")])
    tell(linked, taker, clock)
    linked.link([linked.cluster("a", 2, accounts=6)], [linked.lineage("c", "retired")])
    tell(linked, taker, clock)
    assert taker.changes()[6:] == [("reopened", "c"), ("retired", "c")]
    assert len(set(taker.ids())) == len(taker.ids())


def test_a_look_into_the_past_is_no_news(linked, clock):
    taker = Taker()
    linked.link([linked.cluster("a")])
    tell(linked, taker, clock)
    linked.link([linked.cluster("z")], [linked.lineage("a", "retired")], as_of=NOON)
    tell(linked, taker, clock)
    assert taker.changes() == [("born", "a")]


@pytest.mark.parametrize("disposition", ["false_positive", "benign"])
def test_a_cleared_cluster_is_silent_until_it_changes_materially(linked, clock, disposition):
    taker = Taker()
    linked.link([linked.cluster("a", 3), linked.cluster("b")])
    linked.decide("a", disposition, after_run=1)
    tell(linked, taker, clock)
    assert taker.changes() == [("born", "b")]
    linked.link([linked.cluster("a", 4, accounts=30), linked.cluster("b")])
    tell(linked, taker, clock)
    assert taker.changes()[1:] == [("born", "a")]


def test_a_confirmed_cluster_is_told(linked, clock):
    taker = Taker()
    linked.link([linked.cluster("a")])
    linked.decide("a", "false_positive", after_run=1)
    linked.decide("a", "true_positive", after_run=2)
    tell(linked, taker, clock)
    assert taker.changes() == [("born", "a")]


def test_a_file_that_the_run_did_not_write_is_not_believed(linked, clock):
    run = linked.link([linked.cluster("a")])
    path = linked.lake.run_file(run, "clusters")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(path.read_bytes() + b" ")
    taker = Taker()
    report = tell(linked, taker, clock)
    assert (report.ok, taker.got) == (False, [])
    assert "is not the file that run run-0001 wrote" in report.problem
    assert digest not in report.problem


def test_a_failure_is_tried_again_on_schedule_with_the_same_id_and_body(linked, clock):
    taker = Taker(AGAIN, AGAIN, DONE)
    linked.link([linked.cluster("a")])
    report = tell(linked, taker, clock)
    assert (report.ok, report.owed, report.problem) == (False, 1, AGAIN.detail)
    tell(linked, taker, clock)
    assert len(taker.got) == 1  # not due yet
    clock.forward(seconds=6.1)
    tell(linked, taker, clock)
    clock.forward(seconds=250)
    tell(linked, taker, clock)
    assert len(taker.got) == 2
    clock.forward(seconds=120)
    assert tell(linked, taker, clock).ok
    assert len(set(taker.ids())) == 1
    assert len({m.body for m in taker.got}) == 1
    assert states(linked) == [("delivered", 3)]


def test_after_ten_tries_it_has_failed_and_is_replayed_by_hand(linked, clock):
    taker = Taker(AGAIN)
    linked.link([linked.cluster("a")])
    for _ in range(12):
        tell(linked, taker, clock)
        clock.forward(days=2)
    assert states(linked) == [("failed", 10)]
    taker.answers = [DONE]
    report = replay(linked.lake, [HOOK], {"h": taker}, lambda alert: alert.state == "failed", clock)[0]
    assert report.sent.delivered == 1
    assert states(linked) == [("delivered", 11)]
    assert len(set(taker.ids())) == 1


def test_a_refused_alert_fails_at_once_and_holds_no_other_up(linked, clock):
    taker = Taker(Outcome("refused", "HTTP 400 Bad Request"), DONE)
    linked.link([linked.cluster("a"), linked.cluster("b", confidence=0.5)])
    report = tell(linked, taker, clock)
    assert (report.sent.failed, report.sent.delivered) == (1, 1)
    assert sorted(states(linked)) == [("delivered", 1), ("failed", 1)]


def test_410_disables_the_hook_until_replay(linked, clock):
    taker = Taker(Outcome("gone", "HTTP 410 Gone"), DONE)
    linked.link([linked.cluster("a"), linked.cluster("b")])
    tell(linked, taker, clock)
    linked.link([linked.cluster("a"), linked.cluster("b"), linked.cluster("c")])
    clock.forward(days=1)
    report = tell(linked, taker, clock)
    assert "disabled" in report.problem
    assert len(taker.got) == 1
    assert sorted(states(linked)) == [("disabled", 0), ("disabled", 1)]
    replay(linked.lake, [HOOK], {"h": taker}, lambda alert: alert.state == "disabled", clock)
    tell(linked, taker, clock)
    assert sorted(taker.changes()[1:]) == [("born", "a"), ("born", "b"), ("born", "c")]


def test_retry_after_holds_everything_of_that_receiver(linked, clock):
    taker = Taker(Outcome("again", "HTTP 429 Too Many Requests", 3600.0), DONE)
    linked.link([linked.cluster(uid) for uid in "abcd"])
    tell(linked, taker, clock)
    clock.forward(minutes=59)
    tell(linked, taker, clock)
    assert len(taker.got) == 1
    clock.forward(minutes=2)
    assert tell(linked, taker, clock).sent.delivered == 4


def test_a_replay_does_not_wait_for_what_the_receiver_asked(linked, clock):
    taker = Taker(Outcome("again", "HTTP 429 Too Many Requests", 3600.0), DONE)
    linked.link([linked.cluster(uid) for uid in "ab"])
    tell(linked, taker, clock)
    report = replay(linked.lake, [HOOK], {"h": taker}, lambda alert: alert.cluster_uid == "b", clock)[0]
    assert report.sent.delivered == 1
    assert taker.changes() == [("born", "a"), ("born", "b")]


def test_a_dead_receiver_is_tried_three_times_a_pass_not_once_an_alert(linked, clock):
    taker = Taker(AGAIN)
    linked.link([linked.cluster(f"c{n:02}") for n in range(20)])
    assert tell(linked, taker, clock).owed == 20
    assert len(taker.got) == 3
    taker.answers = [DONE]
    clock.forward(seconds=7)
    assert tell(linked, taker, clock).sent.delivered == 20


def test_a_receiver_that_is_dead_for_hours_costs_a_row_a_try_and_gets_everything_in_the_end(linked, clock):
    taker = Taker(AGAIN)
    linked.link([linked.cluster(f"c{n:03}") for n in range(40)])
    tell(linked, taker, clock)
    for _ in range(3):
        clock.forward(seconds=7)
        tell(linked, taker, clock)
    rows = linked.lake.table("alerts").to_pyarrow_table().num_rows
    assert rows == 40 + len(taker.got) == 40 + 4 * sending.CIRCUIT
    taker.answers = [DONE]
    clock.forward(hours=1)
    assert tell(linked, taker, clock).sent.delivered == 40
    assert {a.state for a in all_deliveries(linked.lake)} == {"delivered"}


def test_the_end_of_a_cluster_never_arrives_before_its_beginning(linked, clock):
    taker = Taker(AGAIN, DONE)
    linked.link([linked.cluster("a"), linked.cluster("b", confidence=0.5)])
    tell(linked, taker, clock)
    linked.link([linked.cluster("b", 2, accounts=9)], [linked.lineage("a", "retired")])
    tell(linked, taker, clock)  # the beginning of a is not due again yet
    assert taker.changes() == [("born", "a"), ("born", "b"), ("grew", "b")]
    taker.answers = [AGAIN, DONE]
    clock.forward(seconds=7)
    tell(linked, taker, clock)
    assert taker.changes()[3:] == [("born", "a")]
    clock.forward(hours=1)
    tell(linked, taker, clock)
    assert taker.changes()[4:] == [("born", "a"), ("retired", "a")]


@pytest.mark.parametrize("answers", [[AGAIN, DONE], [Outcome("again", "HTTP 429", 3600.0), DONE]])
def test_a_clock_that_was_a_year_ahead_puts_nothing_off_for_a_year(linked, clock, answers):
    taker = Taker(*answers)
    clock.forward(days=365)
    linked.link([linked.cluster("a")])
    tell(linked, taker, clock)
    clock.forward(days=-365)
    assert tell(linked, taker, clock).sent.delivered == 1


def test_a_pass_starts_nothing_new_after_its_time(linked, clock, monkeypatch):
    monkeypatch.setattr(sending, "PASS_SECONDS", -1.0)
    taker = Taker()
    linked.link([linked.cluster("a"), linked.cluster("b")])
    assert [tell(linked, taker, clock).sent.delivered for _ in range(3)] == [1, 1, 0]


def test_a_slow_receiver_holds_no_other_up(linked, clock):
    linked.link([linked.cluster("a")])
    told = threading.Event()

    class Slow(Taker):
        def deliver(self, message):
            assert told.wait(5)
            return super().deliver(message)

    class Quick(Taker):
        def deliver(self, message):
            told.set()
            return super().deliver(message)

    takers = {"slow": Slow(), "quick": Quick()}
    hooks = [Hook(name=name, type="jsonl") for name in takers]
    assert [r.sent.delivered for r in run_pass(linked.lake, hooks, takers, clock)] == [1, 1]


def test_two_instances_at_once_send_once(linked, clock):
    linked.link([linked.cluster(f"c{n}") for n in range(10)])

    class Slow(Taker):
        def deliver(self, message):
            time.sleep(0.005)
            return super().deliver(message)

    taker = Slow()
    threads = [threading.Thread(target=tell, args=(linked, taker, clock)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taker.got) == len(set(taker.ids())) == 10


def test_many_hooks_begin_at_once_on_a_lake_without_the_table(tmp_path):
    hooks = [Hook(name=f"h{n}", type="jsonl") for n in range(6)]
    for attempt in range(8):
        linked = LinkedLake(tmp_path / str(attempt))
        linked.link([linked.cluster("a")])
        reports = run_pass(linked.lake, hooks, {hook.name: Taker() for hook in hooks})
        assert [(report.sent.delivered, report.problem) for report in reports] == [(1, "")] * 6


def test_should_the_lock_fail_the_table_still_refuses_the_second_writer(linked, clock):
    linked.link([linked.cluster("a")])
    first, second = Outbox(linked.lake, "h"), Outbox(linked.lake, "h")
    first.record([])
    with pytest.raises(LakeError, match="another process writes alerts of hook h"):
        second.record([])
    Outbox(linked.lake, "i").record([])


def test_a_clock_set_back_does_not_undo_a_delivery(linked, clock):
    taker = Taker()
    linked.link([linked.cluster("a")])
    tell(linked, taker, clock)
    clock.forward(days=-30)
    linked.link([linked.cluster("a", 2)])
    tell(linked, taker, clock)
    tell(linked, taker, clock)
    assert taker.changes() == [("born", "a"), ("revised", "a")]
    assert states(linked) == [("delivered", 1), ("delivered", 1)]


def test_nothing_new_commits_nothing(linked, clock):
    linked.link([linked.cluster("a")])
    tell(linked, Taker(), clock)
    version = linked.lake.table("alerts").version()
    tell(linked, Taker(), clock)
    assert linked.lake.table("alerts").version() == version


def test_files_of_the_table_stay_few(linked, clock):
    outbox = Outbox(linked.lake, "x")
    linked.link([linked.cluster(f"c{n:03}") for n in range(MOST_FILES)])
    taker = Taker()
    tell(linked, taker, clock)
    assert len(linked.lake.table("alerts").file_uris()) < MOST_FILES
    assert len(states(linked)) == MOST_FILES
    tell(linked, taker, clock)
    assert len(taker.got) == MOST_FILES
    assert outbox.deliveries == {}


def test_the_body_in_the_table_is_the_one_that_was_sent(linked, clock):
    taker = Taker()
    linked.link([linked.cluster("a")])
    tell(linked, taker, clock)
    (alert,) = all_deliveries(linked.lake)
    assert alert.body == taker.got[0].body
    assert msgspec.json.decode(alert.body)["data"]["alert_uid"] == alert.alert_uid
