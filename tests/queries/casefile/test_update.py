"""Bringing the case file up to date gives the rows that making it anew gives, whatever has happened to the lake."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from pipeline.lake import Lake
from queries.casefile import segments, tallies
from queries.casefile.publish import publish
from queries.casefile.tables import CASE_TABLES
from queries.catalogue import named_query
from queries.parameters import bind
from queries.sandbox import Limits, open_case
from queries.subjects import open_for, sql_for

ACCOUNTS = ("a1", "a2", "b1", "h1", "n1", "n2")
DAYS = ("2026-05-20", "2026-06-01", "2026-06-02", "2026-06-03", "2026-07-01")


@pytest.fixture(scope="module")
def daily_root(published_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("daily") / "lake"
    shutil.copytree(published_root, root)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(segments, "LARGEST_MONTH", 0)
        publish(Lake.open(root), anew=True)
    return root


@pytest.fixture
def daily(daily_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """The published world, with a segment a day; yours to change."""
    monkeypatch.setattr(segments, "LARGEST_MONTH", 0)
    shutil.copytree(daily_root, tmp_path / "lake")
    return Lake.open(tmp_path / "lake")


def test_sums_made_a_slice_of_accounts_at_a_time_are_those_made_at_once(
    daily: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = rows(daily.root / "case.duckdb")
    monkeypatch.setattr(tallies, "SLICE_ROWS", 1)
    publish(daily, tmp_path / "sliced.duckdb")
    sliced = rows(tmp_path / "sliced.duckdb")
    assert len(at_once["accounts"]) > 1
    assert sliced["accounts"] == at_once["accounts"]
    assert sliced["account_segments"] == at_once["account_segments"]


def rows(path: Path) -> dict[str, list[tuple]]:
    """Every table's rows in order, segments by their file in the place of their number."""
    with duckdb.connect(str(path), read_only=True) as connection:
        found = {
            table.name: connection.execute(f'FROM "{table.name}" ORDER BY ALL').fetchall()
            for table in CASE_TABLES
            if table.name not in {"publication", "account_segments", "segments"}
        }
        found["segments"] = connection.execute("SELECT period, file, size_bytes FROM segments ORDER BY ALL").fetchall()
        found["account_segments"] = connection.execute("""
            SELECT account_id, list(file || part % 16 ORDER BY file)
            FROM (SELECT account_id, unnest(parts) AS part FROM account_segments)
            JOIN segments ON number = part // 16
            GROUP BY account_id ORDER BY account_id
        """).fetchall()
    return found


def assert_like_new(lake: Lake, tmp_path: Path) -> None:
    anew = tmp_path / "anew.duckdb"
    publish(lake, anew)
    updated, made = rows(lake.root / "case.duckdb"), rows(anew)
    for name in made:
        assert updated[name] == made[name], name


def land(lake: Lake, table: str, row: dict[str, Any], arrow_table: Callable[..., pa.Table]) -> None:
    write_deltalake(lake.table(table), arrow_table(table, [row]), mode="append")


def event(dice: random.Random, number: int) -> tuple[str, dict[str, Any]]:
    """A random event, sometimes one that was landed before at another address, with other contents."""
    table = dice.choice(("signup", "payment", "usage", "usage", "action"))
    moment = f"{dice.choice(DAYS)}T{dice.randrange(24):02}:{dice.randrange(2):02}:00Z"
    row: dict[str, Any] = {"event_id": f"{table}-{number}", "event_time": moment, "account_id": dice.choice(ACCOUNTS)}
    row |= {"_offset": dice.randrange(100, 10**6), "event_date": moment[:10]}
    match table:
        case "signup":
            row |= {"program": dice.choice(("free_trial", "enterprise")), "country": dice.choice(("NL", "US"))}
        case "payment":
            row |= {"outcome": dice.choice(("succeeded", "declined")), "amount_minor": 5, "currency": "EUR"}
        case "usage":
            row |= {"status": dice.choice((200, 429)), "output_tokens": dice.randrange(100), "model": "m"}
        case "action":
            row |= {"action": dice.choice(("banned", "suspended", "reinstated", "verified"))}
    return table, row


def next_run(dice: random.Random, arrow_table: Callable[..., pa.Table]) -> dict[str, pa.Table]:
    members = [
        {"cluster_uid": "op_1", "account_id": account, "confidence": 0.5, "joined_at": "2026-06-01T00:00:00Z"}
        for account in ACCOUNTS
        if dice.random() < 0.5
    ]
    return {
        "clusters": arrow_table("clusters", [{"cluster_uid": "op_1", "verdict": "undetermined"}]),
        "cluster_members": arrow_table("cluster_members", members),
    }


@pytest.mark.parametrize("seed", range(3))
def test_any_history_gives_what_a_new_file_has(
    daily: Lake, tmp_path: Path, arrow_table: Callable[..., pa.Table], write_run: Callable[..., None], seed: int
) -> None:
    dice = random.Random(seed)
    landed: list[tuple[str, dict[str, Any]]] = []
    for step in range(4):
        for number in range(dice.randrange(1, 5)):
            again = landed and dice.random() < 0.3
            table, row = dice.choice(landed) if again else event(dice, 10 * step + number)
            row = row | {"_offset": dice.randrange(100), "country": "FR"} if again and table == "signup" else row
            landed.append((table, row))
            land(daily, table, row, arrow_table)
        day = {"event_date": dice.choice(DAYS), "account_id": dice.choice(ACCOUNTS), "kind": "ip", "key": f"k{step}"}
        land(daily, "account_key_days", day, arrow_table)
        if dice.random() < 0.5:
            write_run(daily, next_run(dice, arrow_table), f"run-{step + 2}")
        if dice.random() < 0.3:
            daily.table(dice.choice(("usage", "signup"))).delete(f"event_date = '{dice.choice(DAYS)}'")
        publish(daily)
    assert_like_new(daily, tmp_path)


def rebuilt(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each later publish starts from nothing."""
    import queries.casefile.publish as module

    seen: list[bool] = []
    real = module.new_database

    def told(path: Path, base: Path | None) -> Any:
        seen.append(base is None)
        return real(path, base)

    monkeypatch.setattr(module, "new_database", told)
    return seen


def test_what_only_grew_is_built_upon(
    daily: Lake, tmp_path: Path, arrow_table: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = rebuilt(daily, monkeypatch)
    for number in range(3):
        land(daily, "usage", event(random.Random(1), number)[1] | {"status": 200}, arrow_table)
        publish(daily)
    assert seen == [False] * 3
    assert_like_new(daily, tmp_path)


def test_after_rows_left_the_lake_the_file_is_made_anew(daily: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for table in ("payment", "account_key_days"):
        daily.table(table).delete("account_id IN ('a1', 'a2')")
    seen = rebuilt(daily, monkeypatch)
    publish(daily)
    assert seen == [False, True]


def test_a_case_file_that_somebody_changed_is_not_built_upon(daily: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    path = daily.root / "case.duckdb"
    path.chmod(0o600)
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE accounts SET standing = 'active'")
    seen = rebuilt(daily, monkeypatch)
    publish(daily)
    assert seen == [True]
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute("SELECT standing FROM accounts WHERE account_id = 'a1'").fetchall() == [("banned",)]


def test_a_file_made_by_another_recipe_is_not_built_upon(daily: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "RECIPE", segments.RECIPE + 1)
    seen = rebuilt(daily, monkeypatch)
    publish(daily)
    assert seen == [True]


def test_a_lookup_opens_only_segments_that_hold_the_account(daily: Lake) -> None:
    query = named_query("account_timeline")
    opened = open_for(daily, query, bind(query.name, query.parameters, {"account": "b2"}), Limits())
    with opened.connection as connection:
        attached = connection.sql("SELECT database_name FROM duckdb_databases() WHERE NOT internal").fetchall()
        assert len([name for (name,) in attached if name.startswith("segment_")]) == 1
        assert opened.sql.count("segment_") == 1


@pytest.mark.parametrize("account", ["a1", "a2", "a3", "b1", "b2", "h1"])
def test_a_narrowed_lookup_finds_all_that_the_views_find(daily: Lake, account: str) -> None:
    query = named_query("account_timeline")
    values = bind(query.name, query.parameters, {"account": account})
    opened = open_for(daily, query, values, Limits())
    with opened.connection as narrow, open_case(daily.root, Limits()) as whole:
        found = narrow.execute(opened.sql, values).fetchall()
        assert found == whole.execute(query.sql, values).fetchall() and found
        assert whole.execute(sql_for(whole, query, values), values).fetchall() == found
