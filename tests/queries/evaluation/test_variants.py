"""One tiny world, really simulated, landed and linked."""

import pytest

from queries.evaluation import variants
from queries.evaluation.daily import daily
from queries.evaluation.evaluate import lasting, plans
from queries.evaluation.figures import DETECTION, IDS, RIVALS, SOONER, Figures
from queries.evaluation.world import World, make_world, plan_of


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> World:
    return make_world(plan_of(1, 60, 1, 2), tmp_path_factory.mktemp("tiny"))


def test_every_way_of_linking_gives_each_account_at_most_one_cluster(tiny: World) -> None:
    ways = [variants.whole(tiny), next(variants.early(tiny)), next(variants.without_families(tiny))]
    for found in [*ways, *variants.baselines(tiny)]:
        accounts = found.rows["account_id"].to_pylist()
        assert len(accounts) == len(set(accounts))
        assert found.rows.column_names == ["account_id", "cluster", "verdict"]


def test_an_early_link_sees_less(tiny: World) -> None:
    figures = Figures()
    figures.add(tiny, variants.whole(tiny))
    figures.add(tiny, next(variants.early(tiny)))
    first, last = figures.table(SOONER).to_pylist()
    assert (first["days"], last["days"]) == (1, 2)
    assert 0 < first["requests_per_account"] < last["requests_per_account"]


def test_rivals_stand_beside_the_run(tiny: World) -> None:
    figures = Figures()
    figures.add(tiny, variants.whole(tiny))
    for found in variants.baselines(tiny):
        figures.add(tiny, found)
    assert [row["variant"] for row in figures.table(RIVALS).to_pylist()] == [
        "hydratrace",
        "components over shared keys",
        "components, keys of 10 at most",
        "Louvain on shared IPs",
    ]


def test_the_last_world_has_no_operators() -> None:
    assert [(plan.seed, plan.operators) for plan in plans([101, 102], 100, 3, 5)] == [(101, 3), (102, 3), (103, 0)]


def test_splink_stands_beside_the_run(tiny: World) -> None:
    pytest.importorskip("splink")
    (found,) = variants.splink(tiny)
    assert found.variant == "Splink"
    assert found.rows.num_rows > 50
    assert set(found.rows["verdict"].to_pylist()) <= {"distillation", None}


def test_daily_runs_go_on_from_the_day_before(tiny: World) -> None:
    figures = Figures()
    for found in daily(tiny):
        figures.add(tiny, found)
    runs = [(run.run_id, run.previous_run_id) for run in tiny.lake.runs() if run.run_id.startswith("day-")]
    assert runs == [("day-01", None), ("day-02", "day-01")]
    (detected,) = figures.table(DETECTION).to_pylist()
    assert detected["operators"] == 1
    for row in figures.table(IDS).to_pylist():
        assert row["operators"] <= row["ids"] <= row["operators_times_runs"] <= 2


def test_the_world_of_daily_runs_has_half_the_operators_for_a_month() -> None:
    plan = lasting(plan_of(101, 1500, 12, 10))
    assert (plan.seed, plan.accounts, plan.operators, plan.days) == (101, 750, 6, 30)
