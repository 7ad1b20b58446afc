"""Candidate pairs: accounts that share a key, at a cost that no hub and no number of keys can blow up.

A pair is its lesser account's, and accounts are taken a lot at a time: the pairs of a lot are drawn, weighed up and
dropped before the next, so memory holds the keys and one lot, however many pairs there are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graph.null import Bools, Bytes, Ints, Smalls
from graph.signals.signal import CIRCUMSTANTIAL, Family

# Up to so many holders every pair of a key is looked at. Cost only (a key of degree d makes d²/2 pairs): what a key
# weighs is its rarity.
ALL_PAIRS = 200
# Above it each holder meets its next neighbours in hash order, the same order in every key, so that accounts with
# several hubs in common meet in each of them.
NEIGHBOURS = 12
# Where the keys of a family would make more pairs than this, the bar for all pairs goes down until they do not. Cost
# only again: a simulated provider of 1,500 accounts makes 4 million in all families.
FAMILY_PAIRS = 20_000_000
# Two accounts that share one phrase, or circumstances alone, are linked by nothing, but they are most of the pairs, and
# how many there are of each weight is what the null is held against. Above so many rows (a pair and a key) one in THIN
# of them is looked at and counted THIN times.
ENOUGH_ROWS = 20_000_000
THIN = 32
# Rows drawn at a time. Cost only: it bounds memory.
LOT_ROWS = 2_000_000

CAPS = """
    WITH made AS (
        SELECT family, degree, sum(n * degree * (degree - 1) // 2) AS pairs FROM family_degrees GROUP BY family, degree
    ), up_to AS (
        SELECT family, degree, sum(pairs) OVER (PARTITION BY family ORDER BY degree) AS pairs FROM made
    )
    SELECT family, coalesce(max(degree) FILTER (pairs <= $enough AND degree <= $all), 1) AS most FROM up_to
    GROUP BY family"""

# Holders of a key side by side: in order of their numbers, of a hub in hash order.
RANKED = """
    CREATE OR REPLACE TEMP TABLE ranked AS
    SELECT a, k, slice, rarity::INTEGER AS rarity, unit, epoch_us(first_seen) AS first_seen, degree > most AS hub
    FROM held JOIN caps USING (family) ORDER BY k, CASE WHEN hub THEN hash(a) ELSE a::UBIGINT END, a"""

# Who works for one operator passes conversations on and takes others over; who replays another's only takes. Of what
# one side took over as many count as the other side did, and one: copies are worth one conversation, however many.
ONE_SIDED = """
    DELETE FROM pair_keys WHERE rowid IN (
        SELECT row FROM (
            SELECT rowid AS row, row_number() OVER (PARTITION BY pair, left_first ORDER BY rarity DESC, k) AS place,
                   count(*) FILTER (left_first) OVER (PARTITION BY pair) AS given,
                   count(*) OVER (PARTITION BY pair) AS n, left_first
            FROM pair_keys WHERE slice IN (SELECT slice FROM slices WHERE family = $family))
        WHERE place > 1 + CASE WHEN left_first THEN n - given ELSE given END)"""

# One unit, one vote, counted on both sides: the smaller count is what cannot be explained by one request of either.
# Only where requests are units do the sides differ. Of the pairs in `lone` it is plain.
AGREEMENT = """
    WITH left_votes AS (
        SELECT pair, slice, sum(best)::BIGINT AS agreement, count(*) AS votes, sum(n) AS keys,
               bool_or(solid) AS solid, any_value(times) AS times
        FROM (
            SELECT pair, slice, max(rarity) AS best, count(*) AS n, bool_or(NOT hub) AS solid,
                   any_value(times) AS times
            FROM pair_keys GROUP BY pair, slice, unit_l)
        GROUP BY pair, slice
    ), right_votes AS (
        SELECT pair, slice, sum(best)::BIGINT AS agreement, count(*) AS votes FROM (
            SELECT pair, slice, max(rarity) AS best FROM pair_keys
            WHERE slice IN (SELECT slice FROM slices JOIN signals USING (family) WHERE signals.unit = 'event')
            GROUP BY pair, slice, unit_r)
        GROUP BY pair, slice
    )
    SELECT pair, slice, least(x.agreement, y.agreement) AS agreement, least(x.votes, y.votes)::INTEGER AS votes,
           keys::INTEGER AS keys, solid, times
    FROM left_votes x LEFT JOIN right_votes y USING (pair, slice)
    UNION ALL FROM lone ORDER BY pair, slice"""

# What a key shows of two accounts that share it.
CIRCUMSTANCE, SPOKEN, OWNED = np.uint8(1), np.uint8(2), np.uint8(4)


@dataclass(frozen=True)
class Holders:
    """The rows of `ranked`: each meets those from `first` up to `last` whose account has a greater number."""

    a: Smalls
    k: Smalls
    slice: Bytes
    rarity: Smalls
    unit: NDArray[np.uint64]
    first_seen: Ints
    hub: Bools
    first: Smalls
    last: Smalls


class Drawn(NamedTuple):
    """A row per shared key of each pair, in order: the accounts' rows in Holders, how many such pairs it stands for."""

    pair: Ints
    left: Smalls
    right: Smalls
    times: Bytes

    def at(self, rows: Bools | Ints) -> "Drawn":
        """Some of the rows."""
        return Drawn(self.pair[rows], self.left[rows], self.right[rows], self.times[rows])


def make_pairs(con: duckdb.DuckDBPyConnection) -> None:
    """Make `agreements` of `held`, a row per pair and slice in their order, and `ranked`, for `make_pair_keys`.

    `pair` is the lesser account's number << 32 | the greater's; `times`: how many such pairs the row stands for.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE caps AS " + CAPS, {"enough": FAMILY_PAIRS, "all": ALL_PAIRS})
    con.execute(RANKED)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE agreements (
            pair BIGINT, slice UTINYINT, agreement BIGINT, votes INTEGER, keys INTEGER, solid BOOLEAN,
            times UTINYINT)""")
    holders = _read(con)
    met = holders.last - holders.first
    many = int(np.where(holders.hub, met // 2, met).sum()) > ENOUGH_ROWS
    shown = _shown(con)
    for drawn in _lots(holders, np.arange(len(met), dtype=np.int32)):
        looked_at = _thinned(drawn, shown[holders.slice[drawn.left]]) if many else drawn
        _, keys = _runs(looked_at.pair)
        several = np.repeat(keys > 1, keys)
        _place(con, holders, looked_at.at(several))
        con.register("lone", _lone(holders, looked_at.at(~several)))
        con.execute("INSERT INTO agreements " + AGREEMENT)
        con.unregister("lone")
    con.execute("DROP TABLE pair_keys")


def make_pair_keys(con: duckdb.DuckDBPyConnection, pairs: Ints) -> None:
    """Make `pair_keys`, a row per shared key, of `pairs` alone: numbers as in `agreements`, in order."""
    holders = _read(con)
    rows = np.flatnonzero(np.isin(holders.a, pairs >> 32)).astype(np.int32)
    lots = [drawn.at(np.isin(drawn.pair, pairs)) for drawn in _lots(holders, rows)]
    _place(con, holders, Drawn(*(np.concatenate(column) for column in zip(*lots, strict=True))))


def _read(con: duckdb.DuckDBPyConnection) -> Holders:
    columns = con.sql("FROM ranked").fetchnumpy()
    k, hub = columns["k"], columns["hub"]
    place = np.arange(len(k), dtype=np.int32)
    starts = np.flatnonzero(np.diff(k, prepend=-1)).astype(np.int32)
    ends = np.append(starts[1:], np.int32(len(k)))[: len(starts)]
    start, end = (np.repeat(bounds, ends - starts) for bounds in (starts, ends))
    first = np.where(hub, np.maximum(start, place - NEIGHBOURS), place + 1)
    return Holders(**columns, first=first, last=np.where(hub, np.minimum(end, place + NEIGHBOURS + 1), end))


def _lots(holders: Holders, rows: Smalls) -> Iterator[Drawn]:
    """All that accounts share with greater ones by the keys of `rows`, LOT_ROWS at a time or what one account makes."""
    met = (holders.last - holders.first)[rows]
    upto = np.cumsum(np.bincount(holders.a[rows], met)).astype(np.int64)
    lot = upto[holders.a[rows]] // LOT_ROWS
    order = np.argsort(lot, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(lot[order])) + 1):
        count = met[part]
        left = np.repeat(rows[part], count)
        skipped = holders.first[rows[part]] - (np.cumsum(count) - count)
        right = np.arange(len(left), dtype=np.int32) + np.repeat(skipped.astype(np.int32), count)
        ahead = holders.a[right] > holders.a[left]
        left, right = left[ahead], right[ahead]
        pair = holders.a[left].astype(np.int64) << 32 | holders.a[right]
        yield Drawn(pair, left, right, np.ones(len(pair), dtype=np.uint8)).at(np.argsort(pair))


def _shown(con: duckdb.DuckDBPyConnection) -> Bytes:
    """What the keys of each slice show."""
    shown = np.zeros(256, dtype=np.uint8)
    for number, family in con.sql("SELECT slice, family FROM slices").fetchall():
        shown[number] = CIRCUMSTANCE if family in CIRCUMSTANTIAL else SPOKEN if family == Family.PHRASE else OWNED
    return shown


def _runs(pair: Ints) -> tuple[Ints, Ints]:
    """Where each pair's rows start, and how many they are."""
    starts = np.flatnonzero(np.diff(pair, prepend=-1))
    return starts, np.diff(np.append(starts, len(pair)))


def _thinned(drawn: Drawn, shown: Bytes) -> Drawn:
    """`drawn` with one in THIN of the pairs that share circumstances alone or a single phrase."""
    starts, keys = _runs(drawn.pair)
    together = np.bitwise_or.reduceat(shown, starts)
    weak = (together == CIRCUMSTANCE) | ((together == SPOKEN) & (keys == 1))
    # Fibonacci hashing (Knuth, The Art of Computer Programming, 6.4): all bits of a pair bear on the upper ones.
    mixed = (drawn.pair[starts].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(56)
    times = np.repeat(np.where(weak, THIN * (mixed % THIN == 0), 1).astype(np.uint8), keys)
    return drawn._replace(times=times).at(times > 0)


def _lone(holders: Holders, drawn: Drawn) -> pa.Table:
    """Rows of `agreements` of pairs that share one key."""
    at = drawn.left
    return pa.table(
        {
            "pair": drawn.pair,
            "slice": holders.slice[at],
            "agreement": holders.rarity[at].astype(np.int64),
            "votes": np.ones(len(at), dtype=np.int32),
            "keys": np.ones(len(at), dtype=np.int32),
            "solid": ~holders.hub[at],
            "times": drawn.times,
        }
    )


def _place(con: duckdb.DuckDBPyConnection, holders: Holders, drawn: Drawn) -> None:
    """Make `pair_keys` of what was drawn."""
    left, right = drawn.left, drawn.right
    rows = {
        "pair": drawn.pair,
        "k": holders.k[left],
        "slice": holders.slice[left],
        "rarity": holders.rarity[left],
        "unit_l": holders.unit[left],
        "unit_r": holders.unit[right],
        "hub": holders.hub[left],
        "left_first": holders.first_seen[left] <= holders.first_seen[right],
        "times": drawn.times,
    }
    con.register("drawn_rows", pa.table(rows))
    con.execute("CREATE OR REPLACE TEMP TABLE pair_keys AS FROM drawn_rows")
    con.unregister("drawn_rows")
    con.execute(ONE_SIDED, {"family": Family.FAILOVER.value})
