"""Counting by sorted integers, against the plain GROUP BY that it stands for."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.keys import slots
from graph.keys.slots import SLOTS, make_slots

ORACLE = """
    WITH drawn AS (
        SELECT a, unnest(range(1, 17)) || ':' || unnest(prompt_minhash) AS key, event_id, event_time
        FROM events JOIN account USING (account_id)
    ), showed AS (
        SELECT a, key, min(event_time) AS first_seen, max(event_time) AS last_seen, count(*) AS events,
               arg_min(event_id, event_time) AS first_event
        FROM drawn GROUP BY a, key
    )
    SELECT showed.* FROM (FROM showed WHERE events >= $least) showed
    JOIN (SELECT key, count(*) AS n FROM showed WHERE events >= $least GROUP BY key) USING (key)
    WHERE n BETWEEN 2 AND 3 ORDER BY ALL"""


def population(requests: list[tuple[int, list[int]]]) -> duckdb.DuckDBPyConnection:
    """Requests (account, values) in order of time; accounts 0 to 5."""
    con = duckdb.connect()
    con.execute("CREATE TABLE account AS SELECT range AS a, 'account-' || range AS account_id FROM range(6)")
    rows = [
        {
            "account_id": f"account-{a}",
            "seq": i * 7919 % 1009,
            "event_id": f"e{i}",
            "minute": i,
            "prompt_minhash": values,
        }
        for i, (a, values) in enumerate(requests)
    ]
    types = [("account_id", pa.string()), ("seq", pa.uint64()), ("event_id", pa.string()), ("minute", pa.int64())]
    con.register("rows", pa.Table.from_pylist(rows, pa.schema([*types, ("prompt_minhash", pa.list_(pa.int64()))])))
    con.execute("""
        CREATE TABLE events AS
        SELECT *, 'usage' AS src, TIMESTAMPTZ '2026-06-01 00:00:00Z' + to_minutes(minute) AS event_time FROM rows""")
    return con


# Values at both ends of 32 bits, and two that differ in their lowest bits alone.
VALUES = st.sampled_from([0, 1, 255, 256, 2**31, 2**32 - 2, 2**32 - 1])
REQUESTS = st.lists(st.tuples(st.integers(0, 5), st.lists(VALUES, min_size=SLOTS, max_size=SLOTS)), max_size=12)


@settings(max_examples=30)
@given(REQUESTS, st.integers(1, 3))
def test_slots_are_counted_as_a_group_by_counts_them(requests: list[tuple[int, list[int]]], least: int) -> None:
    with population(requests) as con:
        make_slots(con, 6, most=3, least=least)
        columns = "a, key, first_seen, last_seen, events, first_event"
        assert con.sql(f"SELECT {columns} FROM slot_held ORDER BY ALL").to_arrow_table() == con.sql(
            ORACLE, params={"least": least}
        ).to_arrow_table().cast(con.sql(f"SELECT {columns} FROM slot_held").to_arrow_table().schema)
        held = (
            "SELECT a, count(DISTINCT key) FROM (SELECT a, unnest(range(1, 17)) || ':' || unnest(prompt_minhash) AS key"
        )
        often = f"FROM events JOIN account USING (account_id) GROUP BY a, key HAVING count(*) >= {least})"
        assert (
            con.sql("FROM slot_holdings ORDER BY ALL").fetchall()
            == con.sql(f"{held} {often} GROUP BY a ORDER BY ALL").fetchall()
        )


def test_slots_are_taken_until_there_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "ENOUGH_HELD", 3)
    with population([(0, [5] * SLOTS), (1, [5] * SLOTS)]) as con:
        make_slots(con, 6, most=3, least=1)
        assert {key for (key,) in con.sql("SELECT key FROM slot_held").fetchall()} == {"1:5", "2:5"}
        assert con.sql("FROM slot_holdings ORDER BY a").fetchall() == [(0, 2), (1, 2)]


def test_nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(slots.tempfile, "tempdir", str(tmp_path))
    with population([(0, [5] * SLOTS)]) as con:
        make_slots(con, 6, most=3, least=1)
    assert list(tmp_path.iterdir()) == []


def test_what_an_account_says_together_is_one_unit_and_what_it_says_apart_is_two() -> None:
    one, other, text = [1] * SLOTS, [2] * SLOTS, 100
    requests = []
    for account in (0, 1):
        for template in (one, other):
            for n in range(4):
                values = list(template)
                values[n % 3] = text
                text += 1
                requests.append((account, values))
    with population(requests) as con:
        make_slots(con, 6, most=3, least=2)
        units = con.sql("SELECT a, split_part(key, ':', 2) AS text, count(DISTINCT unit) FROM slot_held GROUP BY ALL")
        assert sorted(units.fetchall()) == [(a, text, 1) for a in (0, 1) for text in ("1", "2")]
        assert con.sql("SELECT count(DISTINCT (a, unit)) FROM slot_held").fetchall() == [(4,)]


def test_what_an_account_always_says_leads_none_of_its_templates() -> None:
    always, text = 7, 100
    requests = []
    for account in (0, 1):
        for template in (1, 2, 3):
            for _ in range(4):
                values = [always] * 4 + [template] * 8 + [text + n for n in range(4)]
                text += 4
                requests.append((account, values))
    with population(requests) as con:
        make_slots(con, 6, most=3, least=2)
        units = con.sql("SELECT DISTINCT a, split_part(key, ':', 2) AS value, unit FROM slot_held").fetchall()
    assert sorted((a, value) for a, value, _ in units) == [(a, value) for a in (0, 1) for value in "1237"]
    assert len({(a, unit) for a, _, unit in units}) == 8
