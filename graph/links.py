"""Scores candidate pairs and picks the seeds: pairs that under one pair of strangers would match by chance."""

from dataclasses import dataclass, replace
from math import ceil, log

import duckdb
import numpy as np
import pyarrow as pa

from graph.chance import Chance, population
from graph.keys.held import BANDS
from graph.null import MICRO, Bools, Floats, Ints, Null, family_null
from graph.signals.signal import CIRCUMSTANTIAL, CONTENT, Family

# A family supports where a stranger would agree as much less than once in twenty times.
SUPPORT = int(log(20) * MICRO)
FAMILIES = tuple(family.value for family in Family)


@dataclass(frozen=True)
class Scored:
    """Every candidate pair, in order of (l, r).

    `weights[i, f]`: weight of family FAMILIES[f] for pair i, micro-nats; `seed[i]`: whether it may start a cluster;
    `backed[i]`: whether it rests on more than phrases.
    """

    left: Ints
    right: Ints
    weights: Ints
    expected: Floats
    seed: Bools
    backed: Bools
    chance: Chance


def score_pairs(con: duckdb.DuckDBPyConnection, accounts: int) -> Scored:
    """Weigh `agreements` against the null of `family_degrees` and `holdings`."""
    nulls = _nulls(con, accounts)
    columns = con.sql("FROM agreements ORDER BY pair, slice").fetchnumpy()
    piece = columns["slice"].astype(np.int64)
    family = piece // len(BANDS)
    weight = np.zeros(len(family), dtype=np.int64)
    for (name, band), null in nulls.items():
        at = piece == FAMILIES.index(name) * len(BANDS) + band
        weight[at] = null.weights(columns["agreement"][at], columns["n_l"][at], columns["n_r"][at])
        weight[at] -= price_of_bands(name)
    first = np.concatenate([[True], np.diff(columns["pair"]) != 0])[: len(piece)]
    unique, place = columns["pair"][first], np.cumsum(first) - 1
    weights = np.zeros((len(unique), len(FAMILIES)), dtype=np.int64)
    np.maximum.at(weights, (place, family), weight)
    weights = stronger_content(weights)
    chance = population(weights, FAMILIES, accounts, columns["times"][first])
    total = weights.sum(axis=1)
    solid = np.bincount(place, columns["solid"], len(unique)) > 0
    votes = np.bincount(place, columns["votes"], len(unique))
    owned = weights[:, [i for i, f in enumerate(Family) if f not in CIRCUMSTANTIAL]].sum(axis=1) > 0
    seed = (total >= chance.threshold()) & owned & (solid | (votes >= 2))
    backed = total - weights[:, FAMILIES.index(Family.PHRASE)] >= SUPPORT
    return Scored(unique >> 32, unique & 0xFFFFFFFF, weights, chance.of(total), seed, backed, chance)


def price_of_bands(family: str) -> int:
    """What it costs to pick the best of several bands (Bonferroni), in micro-nats."""
    return ceil(log(len(BANDS)) * MICRO) if family == Family.PHRASE else 0


def keep_pairs(con: duckdb.DuckDBPyConnection, scored: Scored, kept: Ints) -> None:
    """Make the table `linked` (l, r, weight, expected) of the pairs at the places `kept`, and `linked_family`."""
    left, right, weights = scored.left[kept], scored.right[kept], scored.weights[kept]
    linked = pa.table({"l": left, "r": right, "weight": weights.sum(axis=1), "expected": scored.expected[kept]})
    at, family = np.nonzero(weights)
    by_family = pa.table(
        {
            "pair": left[at] << 32 | right[at],
            "l": left[at],
            "r": right[at],
            "family": [FAMILIES[f] for f in family],
            "weight": weights[at, family],
        }
    )
    con.register("linked_rows", linked)
    con.register("family_rows", by_family)
    con.execute("CREATE OR REPLACE TEMP TABLE linked AS FROM linked_rows ORDER BY l, r")
    con.execute("CREATE OR REPLACE TEMP TABLE linked_family AS FROM family_rows ORDER BY l, r, family")
    con.unregister("linked_rows")
    con.unregister("family_rows")


def stronger_content(weights: Ints) -> Ints:
    """Family weights with only the strongest kind of content left in each row (see CONTENT)."""
    content = [i for i, family in enumerate(Family) if family in CONTENT]
    best = weights[:, content].argmax(axis=1)
    kept = weights.copy()
    for place, column in enumerate(content):
        kept[best != place, column] = 0
    return kept


def _nulls(con: duckdb.DuckDBPyConnection, accounts: int) -> dict[tuple[str, int], Null]:
    """The null of each family and band."""
    made: dict[tuple[str, int], Null] = {}
    timing = dict(con.sql("SELECT family, any_value(coincidence) FROM slices GROUP BY family").fetchall())
    for family in FAMILIES:
        held = _column(con, "SELECT n FROM holdings WHERE family = $f ORDER BY a", family)
        degree, keys, band = (
            _column(con, f"SELECT {name} FROM family_degrees WHERE family = $f ORDER BY band, degree", family)
            for name in ("degree", "n", "band")
        )
        for b in np.unique(band).tolist():
            at = band == b
            null = family_null(degree[at], keys[at], int(held.sum()), accounts)
            made[family, b] = replace(null, rate=null.rate * timing[family])
    return made


def _column(con: duckdb.DuckDBPyConnection, sql: str, family: str) -> Ints:
    return con.execute(sql, {"f": family}).fetchnumpy()[sql.split()[1]].astype(np.int64)
