"""Weighs candidate pairs against the null."""

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
class Agreements:
    """What every candidate pair agrees in, in order of (l, r); as numbers, since it is weighed more than once.

    Of each pair: its accounts, how many pairs it stands for, whether it shares a key that is no hub, and how many
    votes. Of each row: its pair's place, its slice (a family's band), the agreement in micro-nats, and the product of
    the keys that its accounts hold.
    """

    left: Ints
    right: Ints
    times: Ints
    solid: Bools
    votes: Ints
    place: Ints
    slices: Ints
    agreement: Ints
    product: Floats


@dataclass(frozen=True)
class Scored:
    """Every candidate pair, in order of (l, r), under one null.

    `weights[i, f]`: weight of family FAMILIES[f] for pair i, micro-nats; `expected[i]`: pairs of strangers expected to
    agree as much, never fewer than the weight itself says; `may[i]`: whether it shares something that its accounts
    brought about, and more than one hub.
    `chance`: of all strangers; `one_hand`: of those whom something shows to be one hand.
    """

    left: Ints
    right: Ints
    weights: Ints
    expected: Floats
    may: Bools
    chance: Chance
    one_hand: Chance


# How many keys have which degree, and how many strangers hold them.
HANDS = """
    SELECT slice, degree, degree - coalesce(doubled, 0) AS hands, count(*) AS n
    FROM shared LEFT JOIN doubled USING (k) JOIN signals USING (kind) JOIN slices USING (family, band)
    GROUP BY ALL ORDER BY ALL"""


def read_agreements(con: duckdb.DuckDBPyConnection) -> Agreements:
    """The table `agreements`."""
    columns = con.sql("FROM agreements ORDER BY pair, slice").fetchnumpy()
    first = np.concatenate([[True], np.diff(columns["pair"]) != 0])[: len(columns["pair"])]
    pair, place = columns["pair"][first].astype(np.int64), np.cumsum(first) - 1
    return Agreements(
        pair >> 32,
        pair & 0xFFFFFFFF,
        columns["times"][first].astype(np.int64),
        np.bincount(place, columns["solid"], len(pair)) > 0,
        np.bincount(place, columns["votes"], len(pair)).astype(np.int64),
        place,
        columns["slice"].astype(np.int64),
        columns["agreement"].astype(np.int64),
        columns["n_l"].astype(np.float64) * columns["n_r"].astype(np.float64),
    )


def score_pairs(con: duckdb.DuckDBPyConnection, agreements: Agreements, labels: Ints) -> Scored:
    """Weigh pairs against the null of strangers, each cluster of `labels` (as `member` has them) being one of them."""
    piece = agreements.slices
    weight = np.zeros(len(piece), dtype=np.int64)
    for (name, band), null in _nulls(con, len(labels)).items():
        at = piece == FAMILIES.index(name) * len(BANDS) + band
        weight[at] = null.weights(agreements.agreement[at], agreements.product[at]) - price_of_bands(name)
    weights = np.zeros((len(agreements.left), len(FAMILIES)), dtype=np.int64)
    np.maximum.at(weights, (agreements.place, piece // len(BANDS)), weight)
    weights = stronger_content(weights)
    strange = weights * ~together(labels, agreements.left, agreements.right)[:, None]
    chance, one_hand = (population(strange, FAMILIES, len(labels), agreements.times, least) for least in (0, SUPPORT))
    owned = weights[:, [i for i, f in enumerate(Family) if f not in CIRCUMSTANTIAL]].sum(axis=1) > 0
    may = owned & (agreements.solid | (agreements.votes >= 2))
    total = weights.sum(axis=1)
    pairs = len(labels) * (len(labels) - 1) / 2
    expected = np.maximum(chance.of(total), pairs * np.exp(-total / MICRO))
    return Scored(agreements.left, agreements.right, weights, expected, may, chance, one_hand)


def together(labels: Ints, left: Ints, right: Ints) -> Bools:
    """Which pairs are in one cluster."""
    return np.asarray((labels[left] >= 0) & (labels[left] == labels[right]), dtype=np.bool_)


def price_of_bands(family: str) -> int:
    """What it costs to pick the best of several bands (Bonferroni), in micro-nats."""
    return ceil(log(len(BANDS)) * MICRO) if family in (Family.PHRASE, Family.FAILOVER) else 0


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
    """The null of each family and band, from `shared`, `doubled`, `holdings` and `slices`."""
    made: dict[tuple[str, int], Null] = {}
    held = dict(con.sql("SELECT family, sum(n)::BIGINT FROM holdings GROUP BY family").fetchall())
    timing = dict(con.sql("SELECT slice, coincidence FROM slices").fetchall())
    rows = con.sql(HANDS).fetchnumpy()
    piece, degree, hands, keys = (rows[name].astype(np.int64) for name in ("slice", "degree", "hands", "n"))
    for family in FAMILIES:
        of_family = piece // len(BANDS) == FAMILIES.index(family)
        total = held.get(family, 0) - int(((degree - hands) * keys)[of_family].sum())
        for slice_ in np.unique(piece[of_family]).tolist():
            at = piece == slice_
            null = family_null(degree[at], hands[at], keys[at], total, accounts)
            made[family, slice_ % len(BANDS)] = replace(null, rate=null.rate * timing[slice_])
    return made
