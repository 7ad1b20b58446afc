import datetime as dt

from pipeline.alerts.dispatch import run_pass
from pipeline.alerts.listing import table
from pipeline.alerts.outbox import all_deliveries, holds
from pipeline.alerts.receiver import Outcome
from pipeline.settings import Hook

NOON = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)


class Busy:
    """A receiver that wants to be left in peace for an hour."""

    def deliver(self, message):
        return Outcome("again", "HTTP 429 Too Many Requests", 3600.0)


def test_all_that_is_owed_waits_for_as_long_as_the_receiver_asked(linked):
    linked.link([linked.cluster(uid) for uid in "ab"])
    run_pass(linked.lake, [Hook(name="h", type="jsonl")], {"h": Busy()}, lambda: NOON)
    heads, *rows, count = table(all_deliveries(linked.lake), holds(linked.lake))
    column = heads.index("next")
    assert [row[column : column + 16] for row in rows] == ["2026-07-01T13:00"] * 2
    assert count == "2 deliveries"
    assert table(all_deliveries(linked.lake), holds(linked.lake), "failed") == ["no deliveries are failed"]


def test_a_lake_that_told_nobody_has_nothing_to_list(linked):
    assert table(all_deliveries(linked.lake), holds(linked.lake)) == ["no deliveries"]
