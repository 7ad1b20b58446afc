"""Scores candidate pairs and picks the seeds: pairs that under one pair of strangers would match by chance."""

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from graph.chance import Chance, population
from graph.null import Bools, Floats, Ints, Null, family_null
from graph.signals.signal import CIRCUMSTANTIAL, Family

FAMILIES = tuple(family.value for family in Family)


@dataclass(frozen=True)
class Scored:
    """Every candidate pair, in order of (l, r).

    `weights[i, f]`: weight of family FAMILIES[f] for pair i, micro-nats; `seed[i]`: whether it may start a cluster.
    """

    left: Ints
    right: Ints
    weights: Ints
    expected: Floats
    seed: Bools
    chance: Chance


def score_pairs(con: duckdb.DuckDBPyConnection, accounts: int) -> Scored:
    """Weigh `agreements` against the null of `family_degrees` and `holdings`."""
    nulls = _nulls(con, accounts)
    holdings = {family: _column(con, "SELECT n FROM holdings WHERE family = $f ORDER BY a", family) for family in nulls}
    chance = population(nulls, holdings, accounts)
    rows = con.sql("FROM agreements ORDER BY l, r, family").to_arrow_table()
    columns = {name: rows[name].to_numpy() for name in rows.column_names if name != "family"}
    family = np.array([FAMILIES.index(name) for name in rows["family"].to_pylist()], dtype=np.int64)
    weight = np.zeros(len(family), dtype=np.int64)
    for name, null in nulls.items():
        at = family == FAMILIES.index(name)
        weight[at] = null.weights(columns["agreement"][at], columns["n_l"][at], columns["n_r"][at])
    pair = columns["l"].astype(np.int64) << 32 | columns["r"].astype(np.int64)
    unique, place = np.unique(pair, return_inverse=True)
    weights = np.zeros((len(unique), len(FAMILIES)), dtype=np.int64)
    weights[place, family] = weight
    votes = np.bincount(place, columns["votes"], len(unique))
    solid = np.bincount(place, columns["solid"], len(unique)) > 0
    expected = chance.of(weights.sum(axis=1))
    owned = weights[:, [i for i, f in enumerate(Family) if f not in CIRCUMSTANTIAL]].sum(axis=1) > 0
    seed = (weights.sum(axis=1) >= chance.threshold()) & owned & (solid | (votes >= 2))
    return Scored(unique >> 32, unique & 0xFFFFFFFF, weights, expected, seed, chance)


def keep_pairs(con: duckdb.DuckDBPyConnection, scored: Scored, kept: Ints) -> None:
    """Make the table `linked` (l, r, weight, expected) of the pairs at the places `kept`, and `linked_family`."""
    left, right, weights = scored.left[kept], scored.right[kept], scored.weights[kept]
    linked = pa.table({"l": left, "r": right, "weight": weights.sum(axis=1), "expected": scored.expected[kept]})
    at, family = np.nonzero(weights)
    by_family = pa.table(
        {"l": left[at], "r": right[at], "family": [FAMILIES[f] for f in family], "weight": weights[at, family]}
    )
    con.register("linked_rows", linked)
    con.register("family_rows", by_family)
    con.execute("CREATE OR REPLACE TEMP TABLE linked AS FROM linked_rows ORDER BY l, r")
    con.execute("CREATE OR REPLACE TEMP TABLE linked_family AS FROM family_rows ORDER BY l, r, family")
    con.unregister("linked_rows")
    con.unregister("family_rows")


def _nulls(con: duckdb.DuckDBPyConnection, accounts: int) -> dict[str, Null]:
    made = {}
    for family in FAMILIES:
        degree = _column(con, "SELECT degree FROM family_degrees WHERE family = $f ORDER BY degree", family)
        keys = _column(con, "SELECT n FROM family_degrees WHERE family = $f ORDER BY degree", family)
        if len(degree):
            made[family] = family_null(degree, keys, accounts)
    return made


def _column(con: duckdb.DuckDBPyConnection, sql: str, family: str) -> Ints:
    return con.execute(sql, {"f": family}).fetchnumpy()[sql.split()[1]].astype(np.int64)
