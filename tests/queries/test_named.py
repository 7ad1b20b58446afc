"""Every named query: its header is true, and its cases (a folder of params, expected and, if not the world, input)."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import UsageError
from queries.catalogue import FOLDER, listing, named_queries, named_query
from queries.formats.document import json_line
from queries.parameters import bind

CASES = Path(__file__).parent / "named"
ALL_CASES = sorted(path.parent for path in CASES.glob("*/*/expected.json"))


@pytest.mark.parametrize("name", named_queries())
def test_has_at_least_two_cases_and_uses_each_parameter(name: str) -> None:
    assert len(list((CASES / name).glob("*/expected.json"))) >= 2
    query = named_query(name)
    assert set(re.findall(r"\$(\w+)", query.sql)) == {parameter.name for parameter in query.parameters}


@pytest.mark.parametrize("name", named_queries())
def test_header_tells_the_columns_and_types(name: str, open_tables: Callable) -> None:
    query = named_query(name)
    values = bind(name, query.parameters, {p.name: "1" for p in query.parameters if p.default is None})
    relation = open_tables({}).sql(query.sql, params=values or None)
    types = [str(kind).replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ") for kind in relation.types]
    assert list(zip(relation.columns, types, strict=True)) == [(c.name, c.type) for c in query.columns]


@pytest.mark.parametrize("case", ALL_CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_case(case: Path, open_tables: Callable, arrow_table: Callable) -> None:
    query = named_query(case.parent.name)
    given = json.loads((case / "params.json").read_text())
    replaced = json.loads((case / "input.json").read_text()) if (case / "input.json").exists() else {}
    connection = open_tables({name: arrow_table(name, rows) for name, rows in replaced.items()})
    values = bind(query.name, query.parameters, given)
    expected = json.loads((case / "expected.json").read_text())
    assert _rows(connection.sql(query.sql, params=values or None)) == expected
    called = ", ".join(f"{name} := ${name}" for name in values)
    assert _rows(connection.sql(f'FROM "{query.name}"({called})', params=values or None)) == expected


def _rows(relation: duckdb.DuckDBPyRelation) -> list[dict]:
    return [json.loads(json_line(row)) for row in relation.to_arrow_table().to_pylist()]


def test_every_case_folder_belongs_to_a_query() -> None:
    assert {path.name for path in CASES.iterdir()} == {path.stem for path in FOLDER.glob("*.sql")}


def test_a_wrong_name_suggests_the_near_ones() -> None:
    with pytest.raises(UsageError, match=r"no query 'cluster_member'.*cluster_members"):
        named_query("cluster_member")


def test_listing_names_every_query_with_its_parameters() -> None:
    rows = {row["query"]: row for row in listing().to_pylist()}
    assert set(rows) == set(named_queries())
    assert rows["why_linked"]["parameters"] == "a b [max_hops=8]"
    assert rows["why_linked"]["answers"].startswith("Why two accounts are tied")
