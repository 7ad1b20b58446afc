"""Figures of small worlds made by hand; no link runs here."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contract.tables import Run
from pipeline.lake import Lake
from queries.evaluation.evaluate import held_out
from queries.evaluation.figures import CALM, FAMILIES, HONEST, IDS, LEVELS, RIVALS, VERDICTS, Figures
from queries.evaluation.goals import goals_sql
from queries.evaluation.measured import Measured, measured, measurement, write_measured
from queries.evaluation.report import PARTS, about, quality_document, tables_of
from queries.evaluation.variants import Found
from queries.evaluation.world import START, World, plan_of

RUN = Run(
    run_id="run-1",
    started_at=START,
    as_of=None,
    positions="{}",
    previous_run_id=None,
    code_version="",
    settings_hash="",
    files="{}",
)
# (account, label, operator, kind)
Truth = list[tuple[str, str, str, str]]
# account: (cluster, verdict)
Verdicts = dict[str, tuple[str, str | None]]
RING = [(f"r{i}", "distillation", "op_1", "distiller_careless") for i in range(4)]
FARM = [(f"t{i}", "trial_abuse", "op_2", "trial_farm") for i in range(2)]
CROWD = [(f"h{i}", "honest", "", "agency" if i < 2 else "individual") for i in range(4)]


@pytest.fixture(scope="module")
def make(tmp_path_factory) -> Callable[..., Figures]:
    """Figures of one world: (truth, {account: (cluster, verdict)}, variant, operators)."""
    lake = Lake.create(tmp_path_factory.mktemp("lake") / "lake", "check")
    file: Path = tmp_path_factory.mktemp("truth") / "truth.csv"

    def figures(truth: Truth, found: Verdicts, operators: int = 2, daily: tuple[Verdicts, ...] = ()) -> Figures:
        file.write_text("account_id,label,operator,kind\n" + "".join(",".join(row) + "\n" for row in truth))
        made = Figures()
        world = World(plan_of(104, 100, operators, 10), lake, RUN, file)
        schema = pa.schema([("account_id", pa.string()), ("cluster", pa.string()), ("verdict", pa.string())])
        ways = [("hydratrace", 10, found), *((f"day {day}", day, of) for day, of in enumerate(daily))]
        for variant, days, verdicts in ways:
            rows = [{"account_id": a, "cluster": c, "verdict": v} for a, (c, v) in verdicts.items()]
            made.add(world, Found(variant, days, pa.Table.from_pylist(rows, schema)))
        return made

    return figures


def rows(figures: Figures, sql: str) -> list[dict]:
    return figures.table(sql).to_pylist()


def test_an_honest_member_and_a_missed_account_lower_precision_and_recall(make) -> None:
    found = {"r0": ("c", "distillation"), "r1": ("c", "distillation"), "h0": ("c", "distillation")}
    figures = make([*RING, *CROWD], found)
    (level,) = rows(figures, LEVELS)
    assert (level["accounts"], level["found"], level["precision"], level["recall"]) == (4, 2, 0.6667, 0.5)
    assert level["f1"] == pytest.approx(0.5715, abs=1e-3)
    (whole,) = rows(figures, FAMILIES)
    assert (whole["precision"], whole["recall"], whole["honest_accused_per_10000"]) == (0.6667, 0.5, 2500.0)
    assert {row["kind"]: (row["accused"], row["per_10000"]) for row in rows(figures, HONEST)} == {
        "agency": (1, 5000.0),
        "individual": (0, 0.0),
    }


def test_another_accusation_than_the_true_one_is_a_miss_of_both_verdicts_and_no_wrong_accusation(make) -> None:
    figures = make([*RING, *FARM], dict.fromkeys(("r0", "t0"), ("c", "distillation")))
    verdicts = {row["verdict"]: row for row in rows(figures, VERDICTS)}
    assert (verdicts["distillation"]["precision"], verdicts["distillation"]["recall"]) == (0.5, 0.25)
    assert (verdicts["trial_abuse"]["judged"], verdicts["trial_abuse"]["recall"]) == (0, 0.0)
    assert rows(figures, FAMILIES)[0]["precision"] == 1.0


def test_a_verdict_of_a_world_without_rings_shows_apart_and_in_the_goals(make) -> None:
    figures = make(CROWD, {"h0": ("c", "distillation"), "h1": ("c", "distillation")}, operators=0)
    (calm,) = rows(figures, CALM)
    assert (calm["seed"], calm["accounts_accused"], calm["distillation_verdicts"]) == (104, 2, 1)
    assert rows(figures, FAMILIES) == []
    goals = {row["goal"]: row for row in rows(figures, goals_sql())}
    assert goals["distillation verdicts in a world without rings"]["met"] == "no"
    assert goals["accounts of evaluation companies and agencies accused"]["measured"] == 2
    assert goals["recall, mimic"]["met"] is None


def test_goals_are_met_by_a_perfect_finding(make) -> None:
    found = {a: (operator, label) for a, label, operator, _ in [*RING, *FARM]}
    goals = {row["goal"]: row["met"] for row in rows(make([*RING, *FARM, *CROWD], found), goals_sql())}
    assert goals["precision of accusations"] == goals["recall, careless"] == goals["trial abuse F1"] == "yes"
    assert goals["B-cubed F1 of operators"] == goals["honest accounts accused per 10,000"] == "yes"


def b_cubed(operator: dict[str, str], cluster: dict[str, str]) -> tuple[float, float]:
    """The definition, account by account."""
    owned = [a for a in operator if operator[a]]
    precision = recall = 0.0
    for a in owned:
        same_cluster = [b for b in operator if cluster.get(b, b) == cluster.get(a, a)]
        same_operator = [b for b in owned if operator[b] == operator[a]]
        both = len(set(same_cluster) & set(same_operator))
        precision, recall = precision + both / len(same_cluster), recall + both / len(same_operator)
    return precision / len(owned), recall / len(owned)


@settings(max_examples=15)
@given(st.lists(st.tuples(st.sampled_from(["", "x", "y"]), st.sampled_from(["", "c1", "c2"])), min_size=1, max_size=9))
def test_b_cubed_is_its_definition(make, people: list[tuple[str, str]]) -> None:
    operator = {f"a{i}": who for i, (who, _) in enumerate(people)} | {"last": "x"}
    cluster = {f"a{i}": c for i, (_, c) in enumerate(people) if c}
    truth = [(a, "resale" if who else "honest", who, "kind") for a, who in operator.items()]
    (found,) = rows(make(truth, {a: (c, "resale") for a, c in cluster.items()}), RIVALS)
    assert (found["b3_precision"], found["b3_recall"]) == pytest.approx(b_cubed(operator, cluster), abs=1e-4)


def test_an_operator_whose_id_changes_has_two_and_one_among_others_none(make) -> None:
    days = (
        {},
        {"r0": ("a", None)},
        dict.fromkeys(("r0", "r1", "h0"), ("a", None)),
        {"r0": ("b", None), "r1": ("b", None)},
    )
    (ids,) = rows(make([*RING, *CROWD], {}, daily=(*days, dict.fromkeys(("r0", "h0", "h1"), ("c", None)))), IDS)
    assert (ids["operators"], ids["operators_times_runs"], ids["ids"], ids["ids_per_operator"]) == (1, 3, 2, 2.0)


def of_seeds(figures: Figures, ringed: int, calm: int) -> Measured:
    worlds = [plan_of(ringed, 50, 2, 3), plan_of(calm, 50, 0, 3)]
    return measurement(worlds, held_out(worlds), "hydratrace evaluate", tables_of(figures))


def test_the_document_says_which_seeds_and_whether_they_were_looked_at(make) -> None:
    figures = make([*RING, *CROWD], {})
    text = quality_document(of_seeds(figures, 104, 105))
    assert "seeds 104" in text
    assert "are held out" in text
    assert "| distiller_careless | distillation | 1 | 4 | 0 |" in text
    assert "Not all of these seeds are held out" in about(of_seeds(figures, 103, 104))


def test_figures_are_written_and_read_as_they_are(make, tmp_path: Path) -> None:
    found = of_seeds(make([*RING, *CROWD], {"r0": ("c", "distillation")}), 104, 105)
    write_measured(tmp_path / "measured.json", found)
    assert msgspec.json.decode((tmp_path / "measured.json").read_bytes(), type=Measured) == found
    assert found.tables["levels"][0]["recall"] == 0.25


def test_the_published_figures_have_every_table() -> None:
    published = measured()
    assert published.seeds
    assert set(published.tables) == {part.name for part in PARTS}
    assert all(published.tables[name] for name in ("goals", "verdicts", "levels", "honest", "calm"))
