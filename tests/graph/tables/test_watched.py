from math import floor, log

import duckdb
import pytest

from graph.signals import SIGNALS
from graph.tables.watched import watched_keys


def population(con: duckdb.DuckDBPyConnection, kind: str, held: dict[str, str], members: set[str]) -> None:
    """Accounts with one key each (account → key), of whom `members` are one cluster."""
    con.execute("CREATE TABLE showed (account_id VARCHAR, kind VARCHAR, key VARCHAR)")
    con.executemany("INSERT INTO showed VALUES (?, ?, ?)", [(account, kind, key) for account, key in held.items()])
    con.execute("CREATE TABLE degrees AS SELECT kind, key, count(*) AS accounts FROM showed GROUP BY ALL")
    con.execute("""
        CREATE TABLE seldom AS
        SELECT kind, count(*) FILTER (accounts = 1) AS once, count(*) FILTER (accounts = 2) AS twice
        FROM degrees GROUP BY kind""")
    con.execute("CREATE TABLE account AS SELECT account_id, row_number() OVER (ORDER BY account_id) AS a FROM showed")
    con.execute(
        "CREATE TABLE member AS SELECT a, 7 AS c FROM account WHERE list_contains($m, account_id)", {"m": [*members]}
    )
    con.execute("CREATE TABLE signals (kind VARCHAR, family VARCHAR)")
    con.executemany("INSERT INTO signals VALUES (?, ?)", [(signal.kind, signal.family.value) for signal in SIGNALS])
    con.execute("CREATE TABLE named AS SELECT 7 AS c, 'op_7' AS cluster_uid")


CROWD = {f"other-{i}": f"own-{i}" for i in range(96)}
PAIRS = {f"pair-{i}{end}": f"both-{i}" for i in range(2) for end in "ab"}


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        yield connection


def test_a_key_weighs_by_members_over_the_strangers_expected_next(con) -> None:
    ring = {"r1": "ring", "r2": "ring", "r3": "ring", "r4": "mine"}
    population(con, "card", CROWD | PAIRS | ring, {"r1", "r2", "r3", "r4"})
    again = 2 * 3 / (97 + 2 * 3)  # 97 keys seen once, 2 seen twice and one more
    watched = {(row["account_id"], row["key"]): row for row in watched_keys(con, "run").to_pylist()}
    assert {place: row["weight"] for place, row in watched.items()} == {
        ("r1", "ring"): floor(1e6 * log(3 / again)),
        ("r2", "ring"): floor(1e6 * log(3 / again)),
        ("r3", "ring"): floor(1e6 * log(3 / again)),
        ("r4", "mine"): floor(1e6 * log(1 / again)),
    }
    assert watched["r1", "ring"] | {"weight": 0} == {
        "run_id": "run", "cluster_uid": "op_7", "account_id": "r1", "kind": "card", "key": "ring",
        "family": "payment", "is_circumstantial": False, "accounts": 3, "weight": 0,
    }  # fmt: skip


def test_a_key_that_strangers_have_too_or_take_up_often_is_not_watched(con) -> None:
    shared = (
        {"r1": "pool", "r2": "pool", "s1": "pool"} | {f"r{i}": "big" for i in range(3, 30)} | {"s2": "big", "s3": "big"}
    )
    population(con, "ip", CROWD | shared, {f"r{i}" for i in range(1, 30)})
    assert {row["key"] for row in watched_keys(con, "run").to_pylist()} == {"big"}


def test_of_a_kind_that_is_shared_as_a_rule_single_holders_say_nothing(con) -> None:
    pairs = {f"pair-{i}{end}": f"both-{i}" for i in range(90) for end in "ab"}
    population(con, "ip_prefix", CROWD | pairs | {"r1": "mine"}, {"r1"})
    assert watched_keys(con, "run").num_rows == 0


def test_prompts_are_not_watched(con) -> None:
    population(con, "template", CROWD | {"r1": "ring", "r2": "ring"}, {"r1", "r2"})
    assert watched_keys(con, "run").num_rows == 0
