"""Who belongs to a cluster: accounts whose keys come from the cluster's vocabulary, their own part left out."""

from dataclasses import dataclass
from math import lgamma, log

import duckdb
import numpy as np
import pyarrow as pa

from graph.components import components
from graph.links import FAMILIES
from graph.null import MICRO, Bools, Floats, Ints
from graph.signals.signal import CIRCUMSTANTIAL, TOUCHABLE, Family

ROUNDS = 3
# A prompt value counts when so many other members hold it: a single copy could be anybody's.
CONTENT_HOLDERS = 2
# Points at which the Chernoff bound is taken; the best of them holds. More points sharpen it by hundredths of a nat.
TILTS = np.arange(1, 25) / 8.0

OWNED = [i for i, family in enumerate(Family) if family not in CIRCUMSTANTIAL]


@dataclass(frozen=True)
class Membership:
    """Candidates for clusters: account `a[i]` against cluster `c[i]`, in order of (a, c).

    `weights[i, f]`: −ln of the chance that an account which is none of the cluster's shares as much of its vocabulary
    in family f, micro-nats. `admitted[i]`: whether under one account is expected to get in by chance.
    """

    a: Ints
    c: Ints
    weights: Ints
    admitted: Bools


# `outside`: how few have the key beside the cluster, one more for the account in question.
VOCABULARY = """
    SELECT m.c, h.k, h.family, h.degree - count(*) + 1 AS outside, count(*) AS n, min(h.first_seen) AS first,
           min(h.first_seen, 2)[2] AS second, arg_min(h.a, (h.first_seen, h.a)) AS opener
    FROM held h JOIN member m USING (a)
    GROUP BY m.c, h.k, h.family, h.degree
    HAVING n >= CASE h.family WHEN 'content' THEN $content_holders ELSE 1 END"""

# Families that an outsider can touch count only where somebody else of the cluster had the key before the account.
SHARED = """
    SELECT h.a, v.c, v.k, v.family, h.unit, floor(1e6 * ln($accounts / v.outside))::BIGINT AS surprise
    FROM vocabulary v JOIN held h USING (k) LEFT JOIN member m ON m.a = h.a AND m.c = v.c
    WHERE v.n - (m.a IS NOT NULL)::INTEGER >= CASE v.family WHEN 'content' THEN $content_holders ELSE 1 END
      AND (NOT list_contains($touchable, v.family)
           OR h.first_seen > CASE WHEN m.a IS NOT NULL AND v.opener = h.a THEN v.second ELSE v.first END)"""

AGREED = """
    SELECT a, c, family, sum(best)::BIGINT AS agreement, any_value(n) AS held FROM (
        SELECT a, c, family, max(surprise) AS best FROM vocabulary_shared GROUP BY a, c, family, unit)
    JOIN holdings USING (a, family)
    GROUP BY a, c, family ORDER BY a, c, family"""


def settle(con: duckdb.DuckDBPyConnection, labels: Ints) -> tuple[Ints, Membership]:
    """Move accounts to the clusters that they belong to, merge clusters that are one, ROUNDS times or until it rests.

    `labels[a]`: cluster of each account, or -1. Returns the same after, and the last round's candidates.
    """
    for _ in range(ROUNDS):
        found = candidates(con, labels)
        merged = _merge(labels, found)
        if not np.array_equal(merged, labels):
            labels = merged
            found = candidates(con, labels)
        settled = _assign(found, len(labels))
        if np.array_equal(settled, labels):
            break
        labels = settled
    return _prune(con, labels)


def _prune(con: duckdb.DuckDBPyConnection, labels: Ints) -> tuple[Ints, Membership]:
    """Take out, until none is left, accounts that the others of their cluster would not admit."""
    while True:
        found = candidates(con, labels)
        stays = found.a[found.admitted & (labels[found.a] == found.c)]
        pruned = drop_small(np.where(np.isin(np.arange(len(labels)), stays), labels, -1))
        if np.array_equal(pruned, labels):
            return labels, found
        labels = pruned


def candidates(con: duckdb.DuckDBPyConnection, labels: Ints) -> Membership:
    """Weigh every account against every cluster that it shares a key with."""
    place_members(con, labels)
    accounts, clusters = len(labels), len(np.unique(labels[labels >= 0]))
    bound = {"content_holders": CONTENT_HOLDERS}
    con.execute("CREATE OR REPLACE TEMP TABLE vocabulary AS " + VOCABULARY, bound)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE vocabulary_shared AS " + SHARED,
        bound | {"accounts": accounts, "touchable": sorted(TOUCHABLE)},
    )
    rows = con.sql(AGREED).fetchnumpy()
    family = np.array([FAMILIES.index(name) for name in rows["family"]], dtype=np.int64)
    a, c = rows["a"].astype(np.int64), rows["c"].astype(np.int64)
    surprise = rows["agreement"].astype(np.float64) / MICRO
    weight = _bound(con, surprise, rows["held"].astype(np.float64), c * len(FAMILIES) + family, accounts)
    pair, place = np.unique(a << 32 | c, return_inverse=True)
    weights = np.zeros((len(pair), len(FAMILIES)), dtype=np.int64)
    weights[place, family] = weight
    return Membership(pair >> 32, pair & 0xFFFFFFFF, weights, admits(weights, accounts, clusters))


def admits(weights: Ints, accounts: int, clusters: int) -> Bools:
    """Whether each row of family weights lets an account in.

    Under one account of the population may get into any of the clusters by chance, and what only the account itself
    can bring about must alone keep chance below one account in that cluster.
    """
    everything = log_chance(weights) + log(max(accounts, 1)) + log(max(clusters, 1))
    owned = log_chance(weights[:, OWNED]) + log(max(accounts, 1))
    return np.asarray((everything < 0) & (owned < 0), dtype=np.bool_)


def log_chance(weights: Ints) -> Floats:
    """Logarithm of the chance that independent families reach the sum of each row of `weights` (micro-nats).

    Each family's weight is −ln of a chance, so at most exponential under the null; the sum of F of them has the tail
    e^-S Σ S^j / j! over j < F (Fisher 1932). F counts the families that speak.
    """
    total = weights.sum(axis=1) / MICRO
    speaking = (weights > 0).sum(axis=1)
    logs = np.log(np.maximum(total, 1.0 / MICRO))
    terms = np.stack([j * logs - lgamma(j + 1) for j in range(weights.shape[1])], axis=1)
    terms[np.arange(weights.shape[1])[None, :] >= np.maximum(speaking, 1)[:, None]] = -np.inf
    return np.asarray(np.logaddexp.reduce(terms, axis=1) - total, dtype=np.float64)


def place_members(con: duckdb.DuckDBPyConnection, labels: Ints) -> None:
    """Make the table `member` (a, c) of the accounts that have a cluster."""
    inside = np.flatnonzero(labels >= 0)
    con.register("member_rows", pa.table({"a": inside.astype(np.int32), "c": labels[inside]}))
    con.execute("CREATE OR REPLACE TEMP TABLE member AS FROM member_rows ORDER BY c, a")
    con.unregister("member_rows")


def _bound(con: duckdb.DuckDBPyConnection, surprise: Floats, held: Floats, group: Ints, accounts: int) -> Ints:
    """Chernoff's bound on the chance of at least this surprise, as −ln in micro-nats.

    An outsider with `held` keys meets key k of the vocabulary with mean held · outside_k / M and is then surprising by
    ln(N / outside_k); the compound Poisson sum exceeds t with chance ≤ exp(Σ mean_k (e^{s·surprise_k} − 1) − s·t).
    """
    rows = con.sql("SELECT c, family, outside, count(*) AS n FROM vocabulary GROUP BY ALL ORDER BY ALL").fetchnumpy()
    totals = dict(con.sql("SELECT family, sum(degree * n)::BIGINT FROM family_degrees GROUP BY family").fetchall())
    family = np.array([FAMILIES.index(name) for name in rows["family"]], dtype=np.int64)
    scale = np.array([1.0 / totals.get(name, 1) for name in FAMILIES])
    key = rows["c"].astype(np.int64) * len(FAMILIES) + family
    size = int(max(key.max(initial=-1), group.max(initial=-1))) + 1
    outside, count = rows["outside"].astype(np.float64), rows["n"].astype(np.float64)
    rate = scale[family] * outside * count
    best = np.zeros(len(surprise))
    for tilt in TILTS:
        grown = np.bincount(key, rate * ((accounts / outside) ** tilt - 1.0), size)
        best = np.maximum(best, tilt * surprise - held * grown[group])
    return np.floor(best * MICRO).astype(np.int64)


def _assign(found: Membership, accounts: int) -> Ints:
    """Each account's strongest cluster that admits it, clusters of one dissolved; -1 for none."""
    labels = np.full(accounts, -1, dtype=np.int64)
    at = np.flatnonzero(found.admitted)
    order = at[np.lexsort((-found.c[at], found.weights[at].sum(axis=1)))]
    labels[found.a[order]] = found.c[order]
    return drop_small(labels)


def drop_small(labels: Ints, least: int = 2) -> Ints:
    """`labels` without clusters of fewer than `least` accounts."""
    sizes = np.bincount(labels[labels >= 0], minlength=1)
    small = np.flatnonzero(sizes < least)
    return np.where(np.isin(labels, small), -1, labels)


def _merge(labels: Ints, found: Membership) -> Ints:
    """Join clusters of which one would admit most of the other's members."""
    count = int(labels.max(initial=-1)) + 1
    if not count:
        return labels
    home = labels[found.a]
    at = found.admitted & (home >= 0) & (home != found.c)
    sizes = np.bincount(labels[labels >= 0], minlength=count)
    pair, admitted = np.unique(home[at] << 32 | found.c[at], return_counts=True)
    most = 2 * admitted > sizes[pair >> 32]
    joined = components(pair[most] >> 32, pair[most] & 0xFFFFFFFF, count)
    return np.where(labels >= 0, joined[np.maximum(labels, 0)], -1)
