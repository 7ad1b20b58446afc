"""Pairs of hand-made holdings: what is looked at when there are many keys."""

import duckdb
import pytest

from graph import pairs
from graph.pairs import make_pair_keys, make_pairs

SLICES = [("device", 0), ("network", 1), ("phrase", 2), ("failover", 3)]


def population(keys: dict[int, tuple[str, list[int]]]) -> duckdb.DuckDBPyConnection:
    """Keys: number → (family, holders in the order in which they showed it)."""
    con = duckdb.connect()
    con.execute("CREATE TABLE slices (family VARCHAR, slice UTINYINT)")
    con.executemany("INSERT INTO slices VALUES (?, ?)", SLICES)
    con.execute("""
        CREATE TABLE held (
            a INTEGER, k INTEGER, family VARCHAR, slice UTINYINT, degree BIGINT, rarity BIGINT, unit UBIGINT,
            first_seen TIMESTAMPTZ)""")
    rows = [
        (a, k, family, dict(SLICES)[family], len(held), 10**7, k, place)
        for k, (family, held) in keys.items()
        for place, a in enumerate(held)
    ]
    con.executemany("INSERT INTO held VALUES (?, ?, ?, ?, ?, ?, ?, make_timestamptz(?))", rows)
    con.execute("""
        CREATE TABLE family_degrees AS
        SELECT family, 0 AS band, degree, count(DISTINCT k) AS n FROM held GROUP BY ALL""")
    con.execute("""
        CREATE TABLE signals AS
        SELECT family, CASE family WHEN 'phrase' THEN 'event' ELSE 'key' END AS unit FROM slices""")
    con.execute("CREATE TABLE holdings AS SELECT a, family, count(*) AS n FROM held GROUP BY ALL")
    return con


def make_all(con: duckdb.DuckDBPyConnection) -> None:
    make_pairs(con)
    make_pair_keys(con, con.sql("SELECT DISTINCT pair FROM agreements ORDER BY pair").fetchnumpy()["pair"])


def shared(con: duckdb.DuckDBPyConnection) -> set[tuple[int, int, int]]:
    return set(con.sql("SELECT pair >> 32, pair & 4294967295, k FROM pair_keys").fetchall())


@pytest.mark.parametrize("weak", [{5: "phrase"}, {5: "network"}, {5: "network", 6: "network"}])
def test_of_many_pairs_those_that_cannot_be_linked_stand_for_each_other(
    weak: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairs, "ENOUGH_ROWS", 0)
    monkeypatch.setattr(pairs, "THIN", 4)
    crowd = list(range(10, 60))
    strong = {1: ("device", [0, 1]), 2: ("phrase", [2, 3]), 3: ("network", [2, 3]), 4: ("phrase", [4, 5])}
    with population(strong | {7: ("phrase", [4, 5])} | {k: (family, crowd) for k, family in weak.items()}) as con:
        make_all(con)
        found = shared(con)
        assert {(0, 1, 1), (2, 3, 2), (2, 3, 3), (4, 5, 4), (4, 5, 7)} <= found
        thinned = sum(k == 5 for _, _, k in found)
        assert {sum(k == each for _, _, k in found) for each in weak} == {thinned}
        every = len(crowd) * (len(crowd) - 1) // 2
        assert every / 8 < thinned < every / 2
        times = con.sql(
            "SELECT sum(times) FILTER (pair >> 32 >= 10), max(times) FILTER (pair >> 32 < 10) FROM agreements"
        )
        assert times.fetchall() == [(4 * thinned, 1)]


def test_a_vote_is_a_request_on_both_sides() -> None:
    with population(
        {1: ("phrase", [0, 1]), 2: ("phrase", [0, 1]), 3: ("device", [0, 1]), 4: ("device", [0, 1])}
    ) as con:
        con.execute("UPDATE held SET unit = 9 WHERE a = 1 AND family = 'phrase'")
        make_all(con)
        rows = con.sql("SELECT slice, agreement, votes FROM agreements ORDER BY slice").fetchall()
    assert rows == [(0, 2 * 10**7, 2), (2, 10**7, 1)]


def test_of_conversations_that_one_side_took_over_as_many_count_as_the_other_did_and_one() -> None:
    taken = {k: ("failover", [0, 1]) for k in range(40)}
    given = {k: ("failover", [1, 0]) for k in range(40, 42)}
    replayed = {k: ("failover", [2, 3]) for k in range(50, 99)}
    with population(taken | given | replayed) as con:
        make_all(con)
        found = con.sql("SELECT pair >> 32, count(*), count(*) FILTER (k < 40) FROM pair_keys GROUP BY ALL ORDER BY 1")
        assert found.fetchall() == [(0, 5, 3), (2, 1, 0)]


def test_lots_of_any_size_come_out_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "ALL_PAIRS", 8)
    keys = {k: (family, [a for a in range(60) if a % (k + 2) == 0]) for k, (family, _) in enumerate(SLICES * 3)}
    made = []
    for rows in (1, 50, 10_000):
        monkeypatch.setattr(pairs, "LOT_ROWS", rows)
        with population(keys) as con:
            make_pairs(con)
            made.append(con.sql("FROM agreements").fetchall())
    assert made[0] == sorted(made[0])
    assert made[0] == made[1] == made[2]


def test_few_pairs_are_all_looked_at() -> None:
    with population({1: ("phrase", [0, 1, 2]), 2: ("device", [1, 2])}) as con:
        make_all(con)
        assert shared(con) == {(0, 1, 1), (0, 2, 1), (1, 2, 1), (1, 2, 2)}
        assert con.sql("SELECT DISTINCT times FROM agreements").fetchall() == [(1,)]


def test_a_family_of_too_many_pairs_meets_neighbours_where_its_keys_are_common(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "FAMILY_PAIRS", 100)
    monkeypatch.setattr(pairs, "NEIGHBOURS", 2)
    with population({1: ("network", list(range(50))), 2: ("network", [0, 1]), 3: ("device", list(range(10)))}) as con:
        make_all(con)
        rows = con.sql("SELECT k, count(*), bool_and(hub) FROM pair_keys GROUP BY k ORDER BY k").fetchall()
    assert rows == [(1, 2 * 50 - 3, True), (2, 1, False), (3, 45, False)]
