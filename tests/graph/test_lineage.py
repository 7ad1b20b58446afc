from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from graph.lineage import Event, Known, name_clusters
from graph.link import link
from pipeline.contract.tables import Run

START = datetime(2026, 6, 1, tzinfo=UTC)
A, B = frozenset("abcd"), frozenset("wxyz")


def known(uid: str, members: frozenset[str], *, alive: bool = True) -> Known:
    return Known(uid, members, "distillation", 1, alive)


def test_a_cluster_that_grows_keeps_its_id_and_gets_a_revision_when_it_matters() -> None:
    named = name_clusters("run", [A | {"e"}], ["distillation"], [known("op_1", A)])
    assert (named.uids, named.revisions) == (["op_1"], [2])
    assert named.events == [Event("op_1", "grew")]
    same = name_clusters("run", [A], ["distillation"], [known("op_1", A)])
    assert (same.uids, same.revisions, same.events) == (["op_1"], [1], [])
    assert name_clusters("run", [A], ["resale"], [known("op_1", A)]).revisions == [2]


def test_a_merge_keeps_the_larger_share_and_says_where_the_other_went() -> None:
    named = name_clusters("run", [A | B | {"v"}], ["distillation"], [known("op_1", A), known("op_2", B | {"v"})])
    assert named.uids == ["op_2"]
    assert Event("op_1", "merged_into", "op_2") in named.events


def test_a_split_names_its_parent() -> None:
    named = name_clusters("run", [A, B], ["distillation"] * 2, [known("op_1", A | B | {"e"})])
    assert "op_1" in named.uids
    child = next(uid for uid in named.uids if uid != "op_1")
    assert Event(child, "split_from", "op_1") in named.events


def test_a_cluster_that_was_gone_for_a_day_comes_back_under_its_id() -> None:
    named = name_clusters("run", [A], ["distillation"], [known("op_1", A, alive=False)])
    assert named.uids == ["op_1"]


def test_after_a_merger_of_one_day_each_has_its_own_id_again() -> None:
    named = name_clusters("run", [A, B], ["distillation"] * 2, [known("op_1", A | B), known("op_2", B, alive=False)])
    assert named.uids == ["op_1", "op_2"]
    assert named.events == [Event("op_1", "shrank")]


def test_one_that_is_gone_is_retired_once() -> None:
    assert name_clusters("run", [], [], [known("op_1", A)]).events == [Event("op_1", "retired")]
    assert name_clusters("run", [], [], [known("op_1", A, alive=False)]).events == []


def test_a_cluster_missing_from_the_last_run_is_remembered_from_the_one_before(world) -> None:
    for i in range(300):
        world.event("payment", f"honest-{i:03}", i, card_key=f"c-{i}")
    for i in range(8):
        for card in range(4):
            world.event("payment", f"pool-{i}", 500 + i, card_key=f"shared-{card}")
    lake = world.land()
    first = link(lake, None, print)
    link(lake, START, print)  # nothing had happened yet
    third = link(lake, None, print)

    def uids(run: Run) -> list[str]:
        return pq.read_table(lake.run_file(run.run_id, "clusters"))["cluster_uid"].to_pylist()

    assert uids(first) == uids(third) != []


def test_a_look_into_the_past_is_nobodys_predecessor(world) -> None:
    for i in range(300):
        world.event("payment", f"honest-{i:03}", i, card_key=f"c-{i}")
    for i in range(8):
        for card in range(4):
            world.event("payment", f"pool-{i}", 500 + i, card_key=f"shared-{card}")
    lake = world.land()
    first = link(lake, None, print)
    past = link(lake, START + timedelta(minutes=503), print)  # three of the eight were there
    third = link(lake, None, print)
    assert (past.previous_run_id, third.previous_run_id) == (first.run_id, first.run_id)
    assert pq.read_table(lake.run_file(third.run_id, "cluster_lineage")).num_rows == 0
    assert pq.read_table(lake.run_file(third.run_id, "clusters"))["revision"].to_pylist() == [1]


def test_a_run_after_the_clock_was_set_back_is_the_newest_all_the_same(world, monkeypatch) -> None:
    world.event("payment", "a", card_key="c")
    lake = world.land()

    class Ahead(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(days=400)

    with monkeypatch.context() as patched:
        patched.setattr("graph.link.datetime", Ahead)
        ahead = link(lake, None, print)
    back = link(lake, None, print)
    assert [run.run_id for run in lake.runs()] == [ahead.run_id, back.run_id]
    assert back.previous_run_id == ahead.run_id


SETS = st.lists(st.frozensets(st.sampled_from("abcdefghij"), min_size=2, max_size=5), max_size=4)


@given(SETS, SETS)
def test_every_cluster_has_one_id_and_the_order_of_what_is_known_changes_nothing(
    now: list[frozenset[str]], before: list[frozenset[str]]
) -> None:
    def disjoint(groups: list[frozenset[str]]) -> list[frozenset[str]]:
        seen: set[str] = set()
        out = []
        for group in groups:
            if not group & seen:
                out.append(group)
                seen |= group
        return out

    clusters, old = disjoint(now), [known(f"op_{i}", m) for i, m in enumerate(disjoint(before))]
    named = name_clusters("run", clusters, ["resale"] * len(clusters), old)
    assert len(set(named.uids)) == len(clusters)
    again = name_clusters("run", clusters, ["resale"] * len(clusters), old[::-1])
    assert (again.uids, again.events) == (named.uids, named.events)
