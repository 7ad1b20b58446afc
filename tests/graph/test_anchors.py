"""An investigator's word as a starting point: it finds what he confirmed, and his mistakes accuse nobody."""

from typing import Any

import pyarrow.parquet as pq
import pytest

from graph import link as linking
from graph.anchors import labelled_accounts
from graph.lineage import Known
from graph.link import Stages, link, rerun
from graph.signals.signal import Family
from pipeline.contract.tables import Run
from pipeline.lake import Lake
from queries.decisions import Disposition, decide
from tests.graph.written import told


def clusters(lake: Lake, run: Run) -> list[dict[str, Any]]:
    return pq.read_table(lake.run_file(run.run_id, "clusters"), columns=["cluster_uid", "verdict"]).to_pylist()


def without_failovers(lake: Lake, run: Run) -> set[str]:
    """Members of any cluster when conversations that moved count for nothing."""
    with linking._spilling() as con:
        tables = linking.compute(con, lake, run, "", Stages(told), without=Family.FAILOVER)
    return set(tables["cluster_members"]["account_id"].to_pylist())


def test_a_confirmed_operator_is_found_by_evidence_that_would_not_have_found_him(world, crowd, ring) -> None:
    crowd(world, 160)
    accounts = ring(world, "ring", 24)
    lake = world.land()
    found = clusters(lake, link(lake, None, told))
    assert without_failovers(lake, link(lake, None, told)) == set()
    decide(lake, found[0]["cluster_uid"], Disposition.TRUE_POSITIVE, "he said so", "me")
    after = link(lake, None, told)
    assert without_failovers(lake, after) == accounts
    assert rerun(lake, after.run_id, told) == []
    decide(lake, found[0]["cluster_uid"], Disposition.FALSE_POSITIVE, "he did not", "me")
    assert without_failovers(lake, link(lake, None, told)) == set(), "the last word counts"
    assert without_failovers(lake, after) == accounts, "a run of the past hears no later word"


@pytest.mark.parametrize("mistaken", [2, 12, 80])
def test_who_was_confirmed_by_mistake_stays_a_stranger(
    world, crowd, ring, mistaken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(world, 160)
    ring(world, "ring", 12)
    for i in range(80):  # all of them behind one busy address
        world.ask(f"honest-{i:04}", 9000 + i, ip_key="hub", ip_prefix="hub", task="chat")
    lake = world.land()
    right = link(lake, None, told)
    wrong = frozenset(f"honest-{i:04}" for i in range(mistaken))
    known = [*linking.remembered(lake, right), Known("op_wrong", wrong, "undetermined", 1, alive=True)]
    monkeypatch.setattr(linking, "remembered", lambda *_: known)
    monkeypatch.setattr("queries.decisions._check_known", lambda *_: None)
    before = link(lake, None, told)
    decide(lake, "op_wrong", Disposition.TRUE_POSITIVE, "a slip", "me")
    after = link(lake, None, told)
    assert members(lake, after) == members(lake, before)
    assert len(members(lake, after)) == 12


def test_the_last_label_of_an_account_counts(world) -> None:
    for i, words in enumerate((["distillation"], ["honest"], ["honest", "resale"], ["trial_abuse", "honest"], [])):
        world.signup(f"a{i}")
        for minute, word in enumerate(words):
            world.event("action", f"a{i}", minute, action="label", verdict=word)
    lake = world.land()
    run = link(lake, None, told)
    with linking._spilling() as con:
        linking.compute(con, lake, run, "", Stages(told))
        assert labelled_accounts(con).tolist() == [True, False, True, False, False]


def members(lake: Lake, run: Run) -> list[str]:
    """Accounts that are in a cluster, in order."""
    return sorted(pq.read_table(lake.run_file(run.run_id, "cluster_members"))["account_id"].to_pylist())
