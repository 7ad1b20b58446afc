from datetime import UTC, datetime

import msgspec
import pytest

from pipeline.alerts.changes import news
from pipeline.alerts.findings import News, open_finding
from pipeline.contract.tables import Cluster, ClusterLineage

WANTED = ("distillation", "trial_abuse", "resale")
DAY = datetime(2026, 6, 1, tzinfo=UTC)


def cluster(uid, revision=1, verdict="distillation", accounts=3, confidence=0.9):
    return Cluster(
        run_id="r",
        cluster_uid=uid,
        revision=revision,
        verdict=verdict,
        confidence=confidence,
        accounts=accounts,
        first_seen=DAY,
        last_seen=DAY,
        requests=1,
        input_tokens=1,
        output_tokens=1,
        reasons=[],
        counter_evidence=[],
        fragility=[],
    )


def told(uid, change="born", **known):
    return {uid: open_finding("alert", News(change, cluster(uid, **known), None, []), [], DAY)}


def row(uid, event, other=None):
    return ClusterLineage(run_id="r", cluster_uid=uid, event=event, other_uid=other)


def changes(clusters, lineage=(), known=None):
    return [(item.change, item.others) for item in news(clusters, lineage, known or {}, WANTED)]


def test_a_cluster_not_told_of_is_born_whatever_its_revision():
    assert changes([cluster("a", revision=7)]) == [("born", [])]


@pytest.mark.parametrize("verdict", ["organisation", "undetermined"])
def test_verdicts_that_the_hook_does_not_want_are_not_told(verdict):
    assert changes([cluster("a", verdict=verdict)]) == []


def test_the_same_revision_is_told_once_but_for_growth_that_no_run_alone_called_material():
    known = told("a", accounts=10)
    assert changes([cluster("a", accounts=12)], known=known) == []
    assert changes([cluster("a", accounts=13)], known=known) == [("grew", [])]
    assert changes([cluster("a", accounts=7)], known=known) == [("shrank", [])]
    assert changes([cluster("a", accounts=10, verdict="resale")], known=known) == [("verdict_changed", [])]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (cluster("a", 2, accounts=8), "grew"),
        (cluster("a", 2, accounts=2), "shrank"),
        (cluster("a", 2), "revised"),
        (cluster("a", 2, verdict="resale", accounts=8), "verdict_changed"),
    ],
)
def test_a_new_revision_says_what_changed(now, expected):
    assert changes([now], known=told("a")) == [(expected, [])]


def test_the_survivor_of_a_merge_names_what_it_absorbed_and_the_other_ends():
    lineage = [row("b", "merged_into", "a")]
    known = told("a") | told("b")
    assert changes([cluster("a", 2, accounts=6)], lineage, known) == [("absorbed", ["b"]), ("merged_into", ["a"])]


def test_who_was_told_of_an_accusation_is_told_that_it_is_taken_back_and_then_no_more():
    cleared = cluster("a", 2, verdict="organisation")
    assert changes([cleared], known=told("a")) == [("verdict_changed", [])]
    later = cluster("a", 3, verdict="organisation", accounts=9)
    assert changes([later], known=told("a", revision=2, verdict="organisation")) == []


def test_a_cluster_that_a_run_merely_does_not_show_is_not_closed():
    assert changes([], known=told("a")) == []
    assert changes([], [row("a", "retired")], told("a")) == [("retired", [])]


def test_what_is_closed_is_closed_once_and_reopens_when_it_is_back():
    closed = told("a", change="retired")
    assert changes([], [row("a", "retired")], closed) == []
    assert changes([cluster("a")], known=closed) == [("reopened", [])]


def test_nothing_unknown_to_the_hook_is_closed():
    assert changes([], [row("z", "retired")]) == []


def test_the_surest_comes_first():
    made = news([cluster("a", confidence=0.5), cluster("b", confidence=0.8)], [], {}, WANTED)
    assert [item.cluster.cluster_uid for item in made if item.cluster] == ["b", "a"]


def test_order_of_clusters_changes_nothing():
    clusters = [cluster(uid) for uid in "abc"]
    assert msgspec.json.encode(news(clusters, [], {}, WANTED)) == msgspec.json.encode(
        news(clusters[::-1], [], {}, WANTED)
    )
