"""Who belongs to a cluster: accounts whose keys come from the cluster's vocabulary, their own part left out."""

from dataclasses import dataclass
from math import lgamma, log

import duckdb
import numpy as np
import pyarrow as pa

from graph.components import components
from graph.keys.held import SLICES, place_coincidence
from graph.links import FAMILIES, SUPPORT, price_of_bands, stronger_content
from graph.null import MICRO, TILTS, Bools, Floats, Ints, exceeds
from graph.signals.signal import CIRCUMSTANTIAL, CONTENT, ONE_HAND, TOUCHABLE, Family

ROUNDS = 3
# Of a cluster's members one in a hundred may be expected there by chance; the bounds are loose, so it is fewer.
CHANCE_SHARE = 0.01
# Fewer neighbours than this cannot be told from none: their circumstances are shared by chance once in twenty times.
LEAST_NEAR = 20
# A prompt value counts when so many other members hold it: a single copy could be anybody's.
CONTENT_HOLDERS = 2
PHRASE = FAMILIES.index(Family.PHRASE)
CIRCUMSTANCES = [i for i, family in enumerate(Family) if family in CIRCUMSTANTIAL]
HAND = [i for i, family in enumerate(Family) if family in ONE_HAND]
PRICES = np.array([price_of_bands(name) for name in FAMILIES])
OWNED = [i for i, family in enumerate(Family) if family not in CIRCUMSTANTIAL]


@dataclass(frozen=True)
class Membership:
    """Candidates for clusters: account `a[i]` against cluster `c[i]`, in order of (a, c).

    `weights[i, f]`: −ln of the chance that an account which is none of the cluster's shares as much of its vocabulary
    in family f, micro-nats. `near[i]`: how many accounts share the cluster's circumstances (addresses, clients, mail).
    `others[i]`: how many members the cluster has without it. `admitted[i]`: whether it may be a member.
    """

    a: Ints
    c: Ints
    weights: Ints
    near: Ints
    others: Ints
    admitted: Bools


# How many members of which cluster hold a key.
OWNED_KEYS = """
    CREATE OR REPLACE TEMP TABLE owned AS
    SELECT m.c, h.k, h.family, h.band, h.degree, count(*) AS n FROM held h JOIN member m USING (a) GROUP BY ALL"""

# How many of a key's holders are no further strangers: a cluster is one, however many of its members hold the key.
DOUBLED = "CREATE OR REPLACE TEMP TABLE doubled AS SELECT k, sum(n - 1)::BIGINT AS doubled FROM owned GROUP BY k"

# `outside`: how few strangers have the key beside the cluster, one more for the account in question. Language is
# everybody's: a phrase is the cluster's own only where most who use it are members.
VOCABULARY = """
    SELECT c, k, family, band, degree - doubled AS outside, n FROM owned JOIN doubled USING (k)
    WHERE n >= CASE WHEN list_contains($content, family) THEN $content_holders ELSE 1 END
      AND (family <> 'phrase' OR 2 * n > degree)"""

# How many keys the vocabularies have, and `held`: of the same family, by strangers in all.
WORDS = """
    WITH twice AS (
        SELECT family, sum(doubled) AS n FROM doubled JOIN shared USING (k) JOIN signals USING (kind) GROUP BY family
    ), totals AS (
        SELECT family, sum(h.n) - coalesce(any_value(t.n), 0) AS held
        FROM holdings h LEFT JOIN twice t USING (family) GROUP BY family
    )
    SELECT c, family, part, coincidence, timing, outside, held, count(*) AS n
    FROM vocabulary JOIN slices USING (family, band) JOIN totals USING (family) GROUP BY ALL ORDER BY ALL"""

# Families that an outsider can touch count only where somebody had the key before the account (`came`): who copies a
# victim comes second, and the victim, who came first, owes nothing to the copies. Nor does the copier win by them: of
# the conversations that an account took over from the cluster's members as many count as it passed on, and one.
SHARED = """
    WITH every AS (
        SELECT h.a, v.c, v.k, v.family, s.part, h.unit,
               floor(1e6 * ln($accounts / v.outside))::BIGINT + timing AS surprise,
               h.followed OR NOT list_contains($touchable, v.family) AS came
        FROM vocabulary v JOIN slices s USING (family, band) JOIN held h USING (k)
        LEFT JOIN member m ON m.a = h.a AND m.c = v.c
        WHERE v.n - (m.a IS NOT NULL)::INTEGER
              >= CASE WHEN list_contains($content, v.family) THEN $content_holders ELSE 1 END
    ), passed AS (
        SELECT *, row_number() OVER (PARTITION BY a, c, came ORDER BY surprise DESC, k) AS place,
               count(*) FILTER (came) OVER (PARTITION BY a, c) AS taken, count(*) OVER (PARTITION BY a, c) AS n
        FROM every WHERE family = $failover
    )
    FROM every WHERE family <> $failover
    UNION ALL BY NAME
    SELECT * EXCLUDE (place, taken, n) FROM passed WHERE place <= 1 + CASE WHEN came THEN n - taken ELSE taken END"""

AGREED = """
    SELECT a, c, family, part, sum(best)::BIGINT AS agreement, sum(taken)::BIGINT AS taken, any_value(n) AS held FROM (
        SELECT a, c, family, part, max(surprise) AS best, coalesce(max(surprise) FILTER (came), 0) AS taken
        FROM vocabulary_shared GROUP BY a, c, family, part, unit)
    JOIN holdings USING (a, family)
    GROUP BY a, c, family, part ORDER BY a, c, family, part"""


def grow(con: duckdb.DuckDBPyConnection, labels: Ints) -> Ints:
    """Move accounts to the clusters that they belong to and merge clusters that are one, until it rests."""
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
    return labels


def settle(con: duckdb.DuckDBPyConnection, labels: Ints, conduct: Floats) -> tuple[Ints, Membership]:
    """Leave in clusters only who belongs; returns every account's cluster, or -1, and the candidates for them.

    `conduct[a]`: what account a's own conduct adds to its corroboration, in nats.
    """
    labels, found = _prune(con, labels)
    kept = _corroborated(labels, found, conduct)
    return (labels, found) if np.array_equal(kept, labels) else _prune(con, kept)


def corroboration(weights: Ints) -> Ints:
    """What remains of each row of family weights without its strongest kind, in micro-nats."""
    return np.asarray(weights.sum(axis=1) - weights.max(axis=1), dtype=np.int64)


def _corroborated(labels: Ints, found: Membership, conduct: Floats) -> Ints:
    """Clusters that stand on two kinds of evidence keep only members who do; those that stand on one stay as they are.

    Else a cluster with a case would drag in whoever merely uses the same prompts. In such a cluster a member's own
    conduct corroborates too.
    """
    home = labels[found.a] == found.c
    a, c, linked = found.a[home], found.c[home], corroboration(found.weights[home])
    count = int(c.max(initial=0)) + 1
    standing = 2 * np.bincount(c[linked >= SUPPORT], minlength=count) > np.bincount(c, minlength=count)
    backed = linked + np.floor(conduct[a] * MICRO).astype(np.int64) >= SUPPORT
    kept = labels.copy()
    kept[a[standing[c] & ~backed]] = -1
    return drop_small(kept)


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
    accounts = len(labels)
    bound = {"content_holders": CONTENT_HOLDERS, "content": sorted(CONTENT)}
    con.execute("CREATE OR REPLACE TEMP TABLE vocabulary AS " + VOCABULARY, bound)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE vocabulary_shared AS " + SHARED,
        bound | {"accounts": accounts, "touchable": sorted(TOUCHABLE), "failover": Family.FAILOVER.value},
    )
    rows = con.sql(AGREED).fetchnumpy()
    family = np.array([FAMILIES.index(name) for name in rows["family"]], dtype=np.int64)
    a, c = rows["a"].astype(np.int64), rows["c"].astype(np.int64)
    group = (c * len(FAMILIES) + family) * SLICES + rows["part"]
    pair, place = np.unique(a << 32 | c, return_inverse=True)
    every, taken = np.zeros((2, len(pair), len(FAMILIES)), dtype=np.int64)
    for weights, name in ((every, "agreement"), (taken, "taken")):
        surprise = rows[name].astype(np.float64) / MICRO
        weight = _bound(con, surprise, rows["held"].astype(np.float64), group, accounts)
        np.maximum.at(weights, (place, family), weight - PRICES[family])
    weights = stronger_content(np.where(_takes_up(taken)[:, None], every, taken))
    c = pair & 0xFFFFFFFF
    near = np.bincount(c[weights[:, CIRCUMSTANCES].max(axis=1) >= SUPPORT], minlength=int(c.max(initial=0)) + 1)[c]
    a = pair >> 32
    sizes = np.bincount(labels[labels >= 0], minlength=int(c.max(initial=0)) + 1)
    others = sizes[c] - (labels[a] == c)
    return Membership(a, c, weights, near, others, admits(weights, near, others, accounts))


def _takes_up(taken: Ints) -> Bools:
    """Whether what each account took up after others shows one hand: then it is no victim, and all it shares counts.

    Else the first of an operator's accounts, which had every key before the others, would be taken for their victim.
    """
    return np.asarray(taken[:, HAND].sum(axis=1) >= SUPPORT, dtype=np.bool_)


def admits(weights: Ints, near: Ints, others: Ints, accounts: int) -> Bools:
    """Whether each row of family weights lets an account in.

    Of the whole population so few may get in by chance that they are CHANCE_SHARE of the `others` in the cluster
    (Benjamini and Hochberg 1995). Addresses and the like alone never do: what only the account itself can bring about
    must let in as few of the `near` accounts that share those.
    Phrases need corroboration: people who speak of the same things use the same phrases, more often than strangers do.
    """
    spoken = weights[:, PHRASE] > 0
    backed = ~spoken | (weights.sum(axis=1) - weights[:, PHRASE] >= SUPPORT)
    allowed = np.log(CHANCE_SHARE * np.maximum(others, 1))
    everything = log_chance(weights) + log(max(accounts, 1)) < allowed
    owned = log_chance(weights[:, OWNED]) + np.log(np.maximum(near, LEAST_NEAR)) < allowed
    return np.asarray(everything & owned & backed, dtype=np.bool_)


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
    """Make the table `member` (a, c) of the accounts that have a cluster, `owned` and `doubled` of their keys."""
    inside = np.flatnonzero(labels >= 0)
    con.register("member_rows", pa.table({"a": inside.astype(np.int32), "c": labels[inside]}))
    con.execute("CREATE OR REPLACE TEMP TABLE member AS FROM member_rows ORDER BY c, a")
    con.unregister("member_rows")
    con.execute(OWNED_KEYS)
    con.execute(DOUBLED)
    place_coincidence(con)


def _bound(con: duckdb.DuckDBPyConnection, surprise: Floats, held: Floats, group: Ints, accounts: int) -> Ints:
    """−ln of the chance of at least this surprise, in micro-nats.

    An outsider with `held` keys meets key k of the vocabulary with mean held · outside_k / M, times the chance of the
    timing that is asked for, and is then surprising by ln(N / outside_k) and −ln of that chance.
    """
    rows = con.sql(WORDS).fetchnumpy()
    family = np.array([FAMILIES.index(name) for name in rows["family"]], dtype=np.int64)
    key = (rows["c"].astype(np.int64) * len(FAMILIES) + family) * SLICES + rows["part"]
    size = int(max(key.max(initial=-1), group.max(initial=-1))) + 1
    outside, total = rows["outside"].astype(np.float64), rows["held"].astype(np.float64)
    rate = outside * rows["n"] * rows["coincidence"] / total
    nats = np.log(accounts / outside) + rows["timing"] / MICRO
    return exceeds(surprise, [held * np.bincount(key, rate * np.expm1(t * nats), size)[group] for t in TILTS.tolist()])


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
