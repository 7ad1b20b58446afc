"""Matches become alerts: at once, once, and few however many there are."""

import datetime as dt
import json

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from pipeline.alerts import touched as module
from pipeline.alerts.dispatch import run_pass
from pipeline.alerts.findings import Envelope, News, Touch, body, open_finding
from pipeline.alerts.hooks import ocsf, slack, stix
from pipeline.alerts.outbox import all_deliveries
from pipeline.alerts.receiver import Message
from pipeline.alerts.touched import GAP, QUIET, with_crowd
from pipeline.alerts.touches import Crowd
from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME
from pipeline.settings import Hook
from tests.pipeline.alerts.test_dispatch import HOOK, Clock, Taker, tell

SEEN = dt.datetime(2026, 7, 1, 11, tzinfo=dt.UTC)


@pytest.fixture
def clock():
    return Clock()


class Landing:
    """Writes matches as landing does: by offset, a partition after another."""

    def __init__(self, linked):
        self.linked, self.offset = linked, 0

    def touch(self, uid, *accounts, kind="card", partition=0):
        self.write([(uid, account) for account in accounts], kind, partition)

    def touch_each(self, uids):
        self.write([(uid, f"acct-{uid}") for uid in uids], "card", 0)

    def write(self, touches, kind, partition):
        rows = []
        for uid, account in touches:
            self.offset += 1
            address = {"_topic_id": "t", "_topic": "t", "_partition": partition, "_offset": self.offset}
            event = {"event_id": f"ev-{self.offset}", "event_time": SEEN + dt.timedelta(seconds=self.offset)}
            rows.append(
                address
                | event
                | {"account_id": account, "cluster_uid": uid, "kind": kind, "key": "v1:4111111111111111"}
                | {"weight": 1, "run_id": "run-0001", "matched_at": SEEN}
            )
        data = pa.Table.from_pylist(rows, schema=arrow_schema(BY_NAME["matches"]))
        write_deltalake(self.linked.lake.table("matches"), data, mode="append")


@pytest.fixture
def landing(linked):
    return Landing(linked)


def touched(taker):
    """(cluster, how many accounts, those named) of each alert about touches."""
    findings = [m.envelope.data for m in taker.got if m.envelope.data.change == "touched"]
    return [(f.cluster_uid, f.touched_by, [t.account_id for t in f.touches]) for f in findings]


def test_a_touch_is_told_at_once_and_once(linked, landing, clock):
    taker = Taker()
    linked.link([linked.cluster("a"), linked.cluster("o", verdict="organisation")])
    tell(linked, taker, clock)
    landing.touch("a", "acct-x")
    landing.touch("a", "acct-x", kind="device")
    landing.touch("o", "acct-y")
    landing.touch("unknown", "acct-z")
    tell(linked, taker, clock)
    tell(linked, taker, clock)
    landing.touch("a", "acct-x")  # what it does next is no news
    clock.forward(hours=1)
    tell(linked, taker, clock)
    assert touched(taker) == [("a", 1, ["acct-x"])]
    finding = taker.got[-1].envelope.data
    assert finding.summary == (
        "known operator touched by 1 account (card, device): distillation, 3 accounts, confidence 90 %"
    )
    assert (finding.touches[0].kinds, finding.touches[0].event_id) == (["card", "device"], "ev-1")
    assert "v1:" not in taker.got[-1].body
    assert finding.members == []
    assert finding.next_query == "hydratrace query live_matches --param cluster=a"


def test_ten_thousand_touches_in_a_minute_are_a_few_alerts_that_count_them_all(linked, landing, clock, monkeypatch):
    monkeypatch.setattr(module, "MOST_OF_ONE", 3)
    taker = Taker()
    linked.link([linked.cluster("a")])
    tell(linked, taker, clock)
    for second in range(5):
        landing.touch("a", *(f"acct-{second}-{n}" for n in range(2000)))
        clock.forward(seconds=12)
        tell(linked, taker, clock)
    assert len(touched(taker)) == 3
    for _ in range(3):
        clock.forward(seconds=QUIET.total_seconds() / 2)
        tell(linked, taker, clock)
    told = touched(taker)
    assert len(told) <= 5
    assert sum(count for _, count, _ in told) == 10_000
    assert all(len(named) <= 5 for _, _, named in told)
    assert linked.lake.table("alerts").to_pyarrow_table().num_rows <= 3 * len(told)


def test_touches_a_few_seconds_apart_are_told_one_by_one(linked, landing, clock):
    taker = Taker()
    linked.link([linked.cluster("a")])
    tell(linked, taker, clock)
    for n in range(5):
        landing.touch("a", f"acct-{n}")
        tell(linked, taker, clock)
        clock.forward(seconds=GAP.total_seconds())
    assert touched(taker) == [("a", 1, [f"acct-{n}"]) for n in range(5)]


def test_a_flood_over_many_operators_is_bounded_too_and_loses_nobody(linked, landing, clock, monkeypatch):
    monkeypatch.setattr(module, "MOST_OF_ALL", 6)
    taker, uids = Taker(), [f"c{n:02}" for n in range(9)]
    linked.link([linked.cluster(uid) for uid in uids])
    tell(linked, taker, clock)
    landing.touch_each(uids)
    tell(linked, taker, clock)
    assert len(touched(taker)) == 6
    clock.forward(seconds=QUIET.total_seconds() + 1)
    tell(linked, taker, clock)
    assert sorted(uid for uid, _, _ in touched(taker)) == uids


def test_a_waiting_alert_grows_under_its_id_and_news_of_the_operator_does_not_wait_for_it(linked, landing, clock):
    taker = Taker()
    linked.link([linked.cluster("a"), linked.cluster("b")])
    tell(linked, taker, clock)
    landing.touch("a", "one")
    tell(linked, taker, clock)
    landing.touch("a", "two")
    tell(linked, taker, clock)
    landing.touch("a", "three")
    landing.touch("b", "four")
    linked.link([linked.cluster("a", 2, accounts=9), linked.cluster("b")])
    tell(linked, taker, clock)
    assert touched(taker) == [("a", 1, ["one"]), ("b", 1, ["four"])]
    assert ("grew", "a") in taker.changes()
    clock.forward(seconds=QUIET.total_seconds())
    tell(linked, taker, clock)
    assert touched(taker)[2:] == [("a", 2, ["three", "two"])]
    assert len(set(taker.ids())) == len(taker.ids())


def test_each_hook_is_told_what_lands_after_its_first_pass(linked, landing, clock):
    takers = {"h": Taker(), "late": Taker()}
    hooks = [Hook(name=name, type="jsonl") for name in takers]
    linked.link([linked.cluster("a")])
    tell(linked, takers["h"], clock)
    landing.touch("a", "old")
    tell(linked, takers["h"], clock)
    run_pass(linked.lake, hooks, takers, clock)
    clock.forward(hours=1)
    landing.touch("a", "new", partition=1)
    run_pass(linked.lake, hooks, takers, clock)
    assert touched(takers["h"]) == [("a", 1, ["old"]), ("a", 1, ["new"])]
    assert touched(takers["late"]) == [("a", 1, ["new"])]


def test_a_touch_changes_nothing_of_what_the_hook_knows_of_the_operator(linked, landing, clock):
    taker = Taker()
    linked.link([linked.cluster("a", accounts=10)])
    tell(linked, taker, clock)
    landing.touch("a", "x")
    linked.link([linked.cluster("a", accounts=12)])
    tell(linked, taker, clock)  # a fifth more: no news, but the touch shows the new figure
    linked.link([linked.cluster("a", accounts=13)])
    tell(linked, taker, clock)
    assert [change for change, _ in taker.changes()] == ["born", "touched", "grew"]


def test_what_was_told_survives_compaction(linked, landing, clock):
    taker = Taker()
    linked.link([linked.cluster("a")])
    tell(linked, taker, clock)
    landing.touch("a", "x")
    tell(linked, taker, clock)
    clock.forward(hours=1)
    landing.touch("a", "y")
    for table in ("matches", "alerts"):
        linked.lake.table(table).optimize.compact()
        linked.lake.table(table).create_checkpoint()
    tell(linked, taker, clock)
    assert touched(taker) == [("a", 1, ["x"]), ("a", 1, ["y"])]
    assert {alert.state for alert in all_deliveries(linked.lake)} == {"delivered"}


@pytest.fixture
def message(linked, landing, clock):
    taker = Taker()
    linked.link([linked.cluster("a")])
    tell(linked, taker, clock)
    landing.touch("a", "acct-<!channel>\x1b[2J")
    tell(linked, taker, clock, HOOK)
    return taker.got[-1]


def test_receivers_show_who_touched_the_operator(message):
    shown = json.loads(slack.render(message))
    sections = [b["text"] for b in shown["blocks"] if b["type"] == "section" and "text" in b]
    assert any("acct-<!channel> [2J (card) at 2026-07-01 11:00:01 UTC" in text["text"] for text in sections)
    assert {text["type"] for text in sections} == {"plain_text"}
    event = json.loads(ocsf.render(message))
    assert (event["activity_id"], event["status_id"]) == (2, 2)
    assert [o["value"] for o in event["observables"]] == ["acct-<!channel> [2J"]
    bundle = json.loads(stix.render(message))
    assert [o["user_id"] for o in bundle["objects"] if o["type"] == "user-account"] == ["acct-<!channel> [2J"]


def test_the_largest_alert_is_inside_the_limits(linked):
    cluster = linked.cluster("😀" * 128, reasons=["😀" * 300] * 9, counter_evidence=["😀" * 300] * 9)
    touch = Touch(account_id="😀" * 128, kinds=["conversation", "email_domain"] * 5, event_id="😀" * 128, at=SEEN)
    plain = open_finding("u" * 36, News("touched", cluster, None, []), [], SEEN)
    huge = with_crowd(plain, Crowd(10**9, [touch] * 9))
    text = body(huge, SEEN)
    assert len(text.encode()) < 20_000
    wrapped = Envelope("cluster.touched", SEEN, huge)
    made = json.loads(slack.render(Message("u", text, wrapped)))
    assert len(made["blocks"][0]["text"]["text"]) <= 150
    assert len(slack.render(Message("u", text, wrapped))) < 13_000
