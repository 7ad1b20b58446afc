"""Weighs candidate pairs against the null."""

from dataclasses import dataclass
from math import ceil, log
from typing import TypeVar

import duckdb
import numpy as np
import pyarrow as pa

from graph.chance import Chance, population
from graph.keys.held import BANDS, SLICES
from graph.null import MICRO, Bools, Bytes, Floats, Ints, Null, Smalls, family_null
from graph.pairs import make_pair_keys
from graph.signals.signal import CIRCUMSTANTIAL, CONTENT, Family

# A family supports where a stranger would agree as much less than once in twenty times.
SUPPORT = int(log(20) * MICRO)
FAMILIES = tuple(family.value for family in Family)

Weights = TypeVar("Weights", Ints, Smalls)


@dataclass(frozen=True)
class Agreements:
    """What every candidate pair agrees in, in order of (l, r); as numbers, since it is weighed more than once.

    Of each pair: its accounts, how many pairs it stands for, and whether it shares a key that is no hub. Of each row:
    its pair's place, its slice (a family's band), how many votes, the agreement in micro-nats, and the product of the
    keys that its accounts hold.
    """

    left: Ints
    right: Ints
    times: Bytes
    solid: Bools
    place: Smalls
    slices: Bytes
    votes: Smalls
    keys: Smalls
    agreement: Ints
    product: Floats


@dataclass(frozen=True)
class Scored:
    """Every candidate pair, in order of (l, r), under one null.

    `weights[i, f]`: weight of family FAMILIES[f] for pair i, micro-nats; `expected[i]`: pairs of strangers expected to
    agree as much, never fewer than the weight itself says; `may[i]`: whether it shares something that its accounts
    brought about, and more than one hub.
    `strange[i]`: how many pairs of strangers it stands for. `accounts`: how many there are. `chance`: of all strangers;
    `one_hand`: of those whom something shows to be one hand.
    """

    accounts: int
    left: Ints
    right: Ints
    strange: Bytes
    weights: Smalls
    expected: Floats
    may: Bools
    chance: Chance
    one_hand: Chance


# How many keys have which degree, and how many strangers hold them.
HANDS = """
    SELECT family, part, coincidence, timing, clump, degree, degree - coalesce(doubled, 0) AS hands, count(*) AS n
    FROM shared LEFT JOIN doubled USING (k) JOIN signals USING (kind) JOIN slices USING (family, band)
    GROUP BY ALL ORDER BY ALL"""


def read_agreements(con: duckdb.DuckDBPyConnection) -> Agreements:
    """What is in the table `agreements`, which is dropped."""
    columns = con.sql("FROM agreements").fetchnumpy()
    con.execute("DROP TABLE agreements")
    pair, slices = columns["pair"], columns["slice"]
    first = np.flatnonzero(np.diff(pair, prepend=-1))
    place = np.repeat(np.arange(len(first), dtype=np.int32), np.diff(np.append(first, len(pair))))
    left, right = pair[first] >> 32, pair[first] & 0xFFFFFFFF
    held, family = _holdings(con), slices // SLICES
    return Agreements(
        left,
        right,
        columns["times"][first],
        np.bincount(place, columns["solid"], len(first)) > 0,
        place,
        slices,
        columns["votes"],
        columns["keys"],
        columns["agreement"],
        held[left[place], family] * held[right[place], family],
    )


def _holdings(con: duckdb.DuckDBPyConnection) -> Floats:
    """How many keys of each family (column) each account (row) holds."""
    rows = con.execute(
        "SELECT a, list_position($families, family) - 1 AS family, n FROM holdings", {"families": list(FAMILIES)}
    ).fetchnumpy()
    held = np.zeros((int(rows["a"].max(initial=-1)) + 1, len(FAMILIES)))
    held[rows["a"], rows["family"]] = rows["n"]
    return held


def score_pairs(con: duckdb.DuckDBPyConnection, agreements: Agreements, labels: Ints) -> Scored:
    """Weigh pairs against the null of strangers, each cluster of `labels` (as `member` has them) being one of them."""
    strange = agreements.times * ~together(labels, agreements.left, agreements.right)
    _place_clumps(con, agreements, strange)
    weights = stronger_content(_weigh(con, agreements, len(labels)))
    # What strangers show once in twenty times says nothing (truncated product method, Zaykin et al. 2002).
    weights[weights < SUPPORT] = 0
    chance, one_hand = (population(weights, FAMILIES, len(labels), strange, least) for least in (0, SUPPORT))
    owned = np.any([weights[:, i] > 0 for i, family in enumerate(Family) if family not in CIRCUMSTANTIAL], axis=0)
    may = owned & (agreements.solid | (np.bincount(agreements.place, agreements.votes, len(owned)) >= 2))
    total = weights.sum(axis=1)
    pairs = len(labels) * (len(labels) - 1) / 2
    expected = np.maximum(chance.of(total), pairs * np.exp(-total / MICRO))
    return Scored(len(labels), agreements.left, agreements.right, strange, weights, expected, may, chance, one_hand)


def _place_clumps(con: duckdb.DuckDBPyConnection, agreements: Agreements, strange: Bytes) -> None:
    """Set how many votes there are to a key that strangers share: keys that come together make one vote.

    `strange`: of each pair, how many pairs of strangers it stands for. The null counts keys; so it expects as many
    votes of all strangers as they have.
    """
    pieces = _pieces(con)
    piece, times = pieces[agreements.slices], strange[agreements.place]
    votes, keys = (np.bincount(piece, n * times, len(pieces)) for n in (agreements.votes, agreements.keys))
    clumps = (votes[pieces] + 1) / (keys[pieces] + 1)
    con.executemany(
        "UPDATE slices SET clump = ? WHERE slice = ?", [*zip(clumps.tolist(), range(len(pieces)), strict=True)]
    )


def _pieces(con: duckdb.DuckDBPyConnection) -> Smalls:
    """Of each slice the first of those that are weighed together with it."""
    parts = con.sql("SELECT part FROM slices ORDER BY slice").fetchnumpy()["part"]
    return np.asarray(np.arange(len(parts)) // SLICES * SLICES + parts, dtype=np.int32)


def _weigh(con: duckdb.DuckDBPyConnection, agreements: Agreements, accounts: int) -> Smalls:
    """Weight of each pair (row) in each family (column), micro-nats."""
    timing = con.sql("SELECT timing FROM slices ORDER BY slice").fetchnumpy()["timing"]
    piece = _pieces(con)[agreements.slices]
    surprise = agreements.agreement + agreements.votes * timing[agreements.slices]
    weights = np.zeros((len(agreements.left), len(FAMILIES)), dtype=np.int32, order="F")
    for (name, of), null in _nulls(con, accounts).items():
        family = FAMILIES.index(name)
        at = np.flatnonzero(piece == family * SLICES + of)
        first = np.flatnonzero(np.diff(agreements.place[at], prepend=-1))
        total = np.add.reduceat(surprise[at], first) if len(at) else surprise[at]
        at = at[first]
        weight = null.weights(total, agreements.product[at]) - price_of_bands(name)
        weights[agreements.place[at], family] = np.maximum(weights[agreements.place[at], family], weight)
    return weights


def together(labels: Ints, left: Ints, right: Ints) -> Bools:
    """Which pairs are in one cluster."""
    return np.asarray((labels[left] >= 0) & (labels[left] == labels[right]), dtype=np.bool_)


def price_of_bands(family: str) -> int:
    """What it costs to pick the best of several bands (Bonferroni), in micro-nats."""
    return ceil(log(len(BANDS)) * MICRO) if family == Family.PHRASE else 0


def keep_pairs(con: duckdb.DuckDBPyConnection, scored: Scored, kept: Ints) -> None:
    """Make `linked` (l, r, weight, expected) of the pairs at the places `kept`, `linked_family` and `pair_keys`."""
    left, right, weights = scored.left[kept], scored.right[kept], scored.weights[kept].astype(np.int64)
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
    make_pair_keys(con, left << 32 | right)


def stronger_content(weights: Weights) -> Weights:
    """`weights` of families themselves, with only the strongest kind of content left in each row (see CONTENT)."""
    content = [i for i, family in enumerate(Family) if family in CONTENT]
    best = weights[:, content].argmax(axis=1)
    for place, column in enumerate(content):
        weights[best != place, column] = 0
    return weights


def _nulls(con: duckdb.DuckDBPyConnection, accounts: int) -> dict[tuple[str, int], Null]:
    """The null of each family's parts, from `shared`, `doubled`, `holdings` and `slices`."""
    made: dict[tuple[str, int], Null] = {}
    held = dict(con.sql("SELECT family, sum(n)::BIGINT FROM holdings GROUP BY family").fetchall())
    rows = con.sql(HANDS).fetchnumpy()
    degree, hands, keys = (rows[name].astype(np.int64) for name in ("degree", "hands", "n"))
    for family in FAMILIES:
        of_family = rows["family"] == family
        total = held.get(family, 0) - int(((degree - hands) * keys)[of_family].sum())
        for part in np.unique(rows["part"][of_family]).tolist():
            at = of_family & (rows["part"] == part)
            rarity = np.log(accounts / degree[at]) + rows["timing"][at] / MICRO
            meetings = (hands * (hands - 1) * keys)[at] * rows["coincidence"][at] * rows["clump"][at]
            made[family, part] = family_null(rarity, meetings, total)
    return made
