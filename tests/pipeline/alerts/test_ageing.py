"""Operators of whom events have left by age: nobody is told that they are innocent or gone because of that."""

import pytest

from tests.pipeline.alerts.test_dispatch import Clock, Taker, tell

DAYS = 10


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def taker(linked, clock):
    """A receiver that was told of `a`: 100 requests a day on days 0 to 9."""
    taker = Taker()
    linked.link([operator(linked)], ledger=linked.ledger("a", DAYS, 100))
    tell(linked, taker, clock)
    return taker


def operator(linked, revision=1, **changes):
    return linked.cluster("a", revision, **({"requests": 100 * DAYS, "accounts": 10} | changes))


def told(linked, taker, clock):
    tell(linked, taker, clock)
    tell(linked, taker, clock)
    return [(change, uid) for change, uid in taker.changes()[1:]]


def retired(linked):
    linked.link([], [linked.lineage("a", "retired")])


def test_a_cluster_whose_events_left_is_not_said_to_have_ended(linked, taker, clock):
    linked.retain("usage", 9)
    retired(linked)
    assert told(linked, taker, clock) == [("aged_out", "a")]
    assert taker.got[-1].envelope.data.verdict == "distillation"
    linked.link([operator(linked)])
    assert told(linked, taker, clock)[1:] == [("reopened", "a")]


def test_a_verdict_that_rests_on_what_is_left_is_not_said_to_have_changed(linked, taker, clock):
    linked.retain("usage", 5)
    linked.link([operator(linked, 2, verdict="organisation", requests=500, accounts=6)])
    assert told(linked, taker, clock) == [("aged", "a")]


@pytest.mark.parametrize("table", ["signup", "payment", "action"])
def test_nothing_makes_up_for_other_events_that_left(linked, taker, clock, table):
    linked.retain(table, 1)
    retired(linked)
    assert told(linked, taker, clock) == [("aged_out", "a")]


def test_growth_is_told_as_ever(linked, taker, clock):
    linked.retain("usage", 5)
    linked.link([operator(linked, 2, accounts=30, requests=600)])
    assert told(linked, taker, clock) == [("grew", "a")]


def test_other_reasons_are_told_as_ever(linked, taker, clock):
    linked.retain("usage", 1)  # a tenth of what was told has left
    linked.link([operator(linked, 2, verdict="organisation", requests=1000)], ledger=linked.ledger("a", DAYS, 100))
    assert told(linked, taker, clock) == [("verdict_changed", "a")]
    retired(linked)
    assert told(linked, taker, clock)[1:] == [("retired", "a")]


def test_retention_of_before_the_cluster_explains_nothing(linked, taker, clock):
    linked.retain("usage", 0)
    retired(linked)
    assert told(linked, taker, clock) == [("retired", "a")]
