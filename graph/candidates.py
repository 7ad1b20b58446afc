"""Weighs accounts against clusters: what each shares of a cluster's vocabulary, its own part left out."""

from dataclasses import dataclass, fields
from math import lgamma, log

import duckdb
import numpy as np
import pyarrow as pa

from graph.keys.held import SLICES, place_coincidence
from graph.links import FAMILIES, SUPPORT, price_of_bands, stronger_content
from graph.null import MICRO, TILTS, Bools, Floats, Ints, exceeds
from graph.signals.signal import CIRCUMSTANTIAL, CONTENT, ONE_HAND, TOUCHABLE, Family

# Of a cluster's members one in a hundred may be expected there by chance; the bounds are loose, so it is fewer.
CHANCE_SHARE = 0.01
# Fewer neighbours than this cannot be told from none: their circumstances are shared by chance once in twenty times.
LEAST_NEAR = 20
# A prompt value counts when so many other members hold it: a single copy could be anybody's.
CONTENT_HOLDERS = 2
# Holders of keys that are looked at together. Cost only: it bounds memory.
SPAN_ROWS = 1_000_000
# A circumstance of more accounts than this is a hub: who is behind it is counted once for all clusters that have it,
# not compared account by account. Cost only: it is exact but for who shares several hubs that say nothing each.
HUB = 1000
PHRASE = FAMILIES.index(Family.PHRASE)
CIRCUMSTANCES = [i for i, family in enumerate(Family) if family in CIRCUMSTANTIAL]
HAND = [i for i, family in enumerate(Family) if family in ONE_HAND]
PRICES = np.array([price_of_bands(name) for name in FAMILIES])
OWNED = [i for i, family in enumerate(Family) if family not in CIRCUMSTANTIAL]
# A family's slice is a piece of its cluster's vocabulary, and so many make one.
PIECES = len(FAMILIES) * SLICES


@dataclass(frozen=True)
class Membership:
    """Members of clusters and who else may be one: account `a[i]` against cluster `c[i]`, in order of (a, c).

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

# `outside`: how few strangers have the key beside the cluster, one more for the account in question. `least`: how many
# other members must hold it. Language is everybody's: a phrase is the cluster's own only where most who use it are
# members.
VOCABULARY = """
    CREATE OR REPLACE TEMP TABLE vocabulary AS
    SELECT *, floor(1e6 * ln($accounts / outside))::BIGINT + timing AS surprise, circumstance AND degree > $hub AS hub
    FROM (
        SELECT c, k, family, degree, degree - doubled AS outside, n, coincidence * clump AS coincidence, timing,
               slice // $slices * $slices + part AS piece,
               CASE WHEN list_contains($content, family) THEN $content_holders ELSE 1 END AS least,
               list_contains($touchable, family) AS touchable, list_contains($circumstances, family) AS circumstance
        FROM owned JOIN doubled USING (k) JOIN slices USING (family, band))
    WHERE n >= least AND (family <> 'phrase' OR 2 * n > degree)"""

# How many keys strangers hold, by family.
TOTALS = """
    CREATE OR REPLACE TEMP TABLE totals AS
    WITH twice AS (
        SELECT family, sum(doubled) AS n FROM doubled JOIN shared USING (k) JOIN signals USING (kind) GROUP BY family
    )
    SELECT family, sum(h.n) - coalesce(any_value(t.n), 0) AS held
    FROM holdings h LEFT JOIN twice t USING (family) GROUP BY family"""

# Who is behind the hubs of a cluster, where each hub says something by itself. A set of hubs is counted once a run.
BEHIND = """
    CREATE OR REPLACE TEMP TABLE behind AS
    SELECT c, list(k ORDER BY k) AS hubs FROM vocabulary JOIN shared USING (k)
    WHERE hub AND rarity >= $support GROUP BY c"""
CROWDS = """
    INSERT INTO crowds
    SELECT hubs, count(DISTINCT a) AS near
    FROM (SELECT hubs, unnest(hubs) AS k FROM (SELECT DISTINCT hubs FROM behind ANTI JOIN crowds USING (hubs)))
    JOIN held USING (k) WHERE followed GROUP BY hubs"""

# Clusters in order, cut where their keys have so many holders.
SPANS = """
    WITH made AS (SELECT c, sum(degree) FILTER (NOT hub) AS holders FROM vocabulary GROUP BY c), up_to AS (
        SELECT c, sum(holders) OVER (ORDER BY c) // $rows AS span FROM made
    )
    SELECT min(c), max(c) FROM up_to GROUP BY span ORDER BY span"""

# Families that an outsider can touch count only where somebody had the key before the account (`came`): who copies a
# victim comes second, and the victim, who came first, owes nothing to the copies.
SHARED = """
    SELECT h.a, v.c, v.k, v.piece, v.circumstance, h.unit, v.surprise, h.followed OR NOT v.touchable AS came
    FROM vocabulary v JOIN {holders} h USING ({key}) LEFT JOIN member m USING (a)
    WHERE v.c BETWEEN $first AND $last AND {hubs} AND v.n - (m.c IS NOT DISTINCT FROM v.c)::INTEGER >= v.least"""
MET = "CREATE OR REPLACE TEMP TABLE met AS " + SHARED.format(holders="held", key="k", hubs="NOT v.hub")

# A hub is looked at for those alone who share more than circumstances, and for members.
MET_IN_HUBS = """
    INSERT INTO met
    WITH asked AS (
        SELECT DISTINCT a, c FROM met WHERE NOT circumstance UNION FROM member WHERE c BETWEEN $first AND $last
    ), hubs AS (
        FROM vocabulary WHERE hub AND c BETWEEN $first AND $last
    ), theirs AS (
        SELECT * FROM asked SEMI JOIN hubs USING (c) JOIN (FROM held SEMI JOIN hubs USING (k)) USING (a)
    )""" + SHARED.format(holders="theirs", key="c, k", hubs="v.hub")

# Who replays conversations does not win by them: of those that an account took over from the cluster's members as many
# count as it passed on, and one.
ONE_SIDED = """
    DELETE FROM met WHERE rowid IN (
        SELECT row FROM (
            SELECT rowid AS row, came, row_number() OVER (PARTITION BY a, c, came ORDER BY surprise DESC, k) AS place,
                   count(*) FILTER (came) OVER (PARTITION BY a, c) AS taken, count(*) OVER (PARTITION BY a, c) AS n
            FROM met WHERE piece // $slices = $failover)
        WHERE place > 1 + CASE WHEN came THEN n - taken ELSE taken END)"""

AGREED = """
    SELECT a, c, piece, sum(best)::BIGINT AS agreement, sum(taken)::BIGINT AS taken, any_value(n) AS held FROM (
        SELECT a, c, piece, max(surprise) AS best, coalesce(max(surprise) FILTER (came), 0) AS taken
        FROM met GROUP BY a, c, piece, unit)
    JOIN (SELECT slice, family FROM slices) s ON s.slice = piece JOIN holdings USING (a, family)
    GROUP BY a, c, piece"""

# How many keys of a kind the vocabularies have.
WORDS = """
    SELECT c, piece, coincidence, timing, outside, held, count(*) AS n
    FROM vocabulary JOIN totals USING (family) WHERE c BETWEEN $first AND $last GROUP BY ALL ORDER BY ALL"""


def candidates(con: duckdb.DuckDBPyConnection, labels: Ints) -> Membership:
    """Weigh members and all who share a key with a cluster, and leave those that it would admit beside its members.

    Some clusters at a time: whole towns share the circumstances of each.
    """
    place_members(con, labels)
    families = {"content": sorted(CONTENT), "touchable": sorted(TOUCHABLE), "circumstances": sorted(CIRCUMSTANTIAL)}
    bound = {"accounts": len(labels), "hub": HUB, "slices": SLICES, "content_holders": CONTENT_HOLDERS}
    con.execute(VOCABULARY, bound | families)
    con.execute(TOTALS)
    con.execute(BEHIND, {"support": SUPPORT})
    con.execute(CROWDS)
    parts = [_compare(con, labels, *span) for span in con.execute(SPANS, {"rows": SPAN_ROWS}).fetchall()]
    return _joined(parts) if parts else _nobody()


def _joined(parts: list[Membership]) -> Membership:
    a, c, weights, near, others, admitted = (
        np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Membership)
    )
    order = np.lexsort((c, a))
    return Membership(a[order], c[order], weights[order], near[order], others[order], admitted[order])


def _nobody() -> Membership:
    none = np.zeros(0, dtype=np.int64)
    return Membership(none, none, np.zeros((0, len(FAMILIES)), dtype=np.int64), none, none, none > 0)


def _compare(con: duckdb.DuckDBPyConnection, labels: Ints, first: int, last: int) -> Membership:
    """Of the clusters from `first` to `last`."""
    span = {"first": first, "last": last}
    con.execute(MET, span)
    con.execute(MET_IN_HUBS, span)
    con.execute(ONE_SIDED, {"slices": SLICES, "failover": FAMILIES.index(Family.FAILOVER)})
    rows = con.sql(AGREED).fetchnumpy()
    pair, place = np.unique(rows["a"].astype(np.int64) << 32 | rows["c"].astype(np.int64), return_inverse=True)
    a, c = pair >> 32, pair & 0xFFFFFFFF
    weights = _weigh(con, rows, place, span, len(labels))
    near = _near(con, weights, c, span)
    others = np.bincount(labels[labels >= 0], minlength=last + 1)[c] - (labels[a] == c)
    admitted = admits(weights, near, others, len(labels))
    at = admitted | (labels[a] == c)
    return Membership(a[at], c[at], weights[at], near[at], others[at], admitted[at])


def _weigh(
    con: duckdb.DuckDBPyConnection, rows: dict[str, Ints], place: Ints, span: dict[str, int], accounts: int
) -> Ints:
    """Family weights of each pair of account and cluster, `place` being its place of each row of AGREED."""
    piece = rows["piece"].astype(np.int64)
    group = (rows["c"].astype(np.int64) - span["first"]) * PIECES + piece
    every, taken = np.zeros((2, int(place.max(initial=-1)) + 1, len(FAMILIES)), dtype=np.int64)
    words = con.execute(WORDS, span).fetchnumpy()
    key = (words["c"].astype(np.int64) - span["first"]) * PIECES + words["piece"]
    for weights, name in ((every, "agreement"), (taken, "taken")):
        surprise = rows[name].astype(np.float64) / MICRO
        weight = _bound(words, key, surprise, rows["held"].astype(np.float64), group, accounts)
        np.maximum.at(weights, (place, piece // SLICES), weight - PRICES[piece // SLICES])
    return stronger_content(np.where(_takes_up(taken)[:, None], every, taken))


def _near(con: duckdb.DuckDBPyConnection, weights: Ints, c: Ints, span: dict[str, int]) -> Ints:
    """How many accounts share circumstances of the cluster of each row."""
    near = np.zeros(span["last"] - span["first"] + 1, dtype=np.int64)
    hubs = con.execute(
        "SELECT c, near FROM behind JOIN crowds USING (hubs) WHERE c BETWEEN $first AND $last", span
    ).fetchnumpy()
    near[hubs["c"] - span["first"]] = hubs["near"]
    c = c - span["first"]
    near += np.bincount(c[weights[:, CIRCUMSTANCES].max(axis=1) >= SUPPORT], minlength=len(near))
    return near[c]


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
    allowed = np.log(CHANCE_SHARE * np.maximum(others, 1))
    everything = log_chance(weights) + log(max(accounts, 1)) < allowed
    return np.asarray(everything & borne_out(weights, near, others), dtype=np.bool_)


def borne_out(weights: Ints, near: Ints, others: Ints) -> Bools:
    """Whether what only the account itself can bring about bears each row out (see admits)."""
    allowed = np.log(CHANCE_SHARE * np.maximum(others, 1))
    owned = log_chance(weights[:, OWNED]) + np.log(np.maximum(near, LEAST_NEAR)) < allowed
    return np.asarray(owned & _backed(weights), dtype=np.bool_)


def supported(weights: Ints) -> Bools:
    """Whether what only the account itself can bring about would support each row by itself (see borne_out)."""
    return np.asarray(_backed(weights) & (log_chance(weights[:, OWNED]) <= -SUPPORT / MICRO), dtype=np.bool_)


def _backed(weights: Ints) -> Bools:
    """Whether more than phrases speaks, where any do."""
    other = weights.sum(axis=1) - weights[:, PHRASE]
    return np.asarray((weights[:, PHRASE] <= 0) | (other >= SUPPORT), dtype=np.bool_)


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


def _bound(words: dict[str, Ints], key: Ints, surprise: Floats, held: Floats, group: Ints, accounts: int) -> Ints:
    """−ln of the chance of at least this surprise, in micro-nats.

    An outsider with `held` keys meets key k of the vocabulary with mean held · outside_k / M, times the chance of the
    timing that is asked for, and is then surprising by ln(N / outside_k) and −ln of that chance.
    """
    size = int(max(key.max(initial=-1), group.max(initial=-1))) + 1
    outside, total = words["outside"].astype(np.float64), words["held"].astype(np.float64)
    rate = outside * words["n"] * words["coincidence"] / total
    nats = np.log(accounts / outside) + words["timing"] / MICRO
    return exceeds(surprise, (held * np.bincount(key, rate * np.expm1(t * nats), size)[group] for t in TILTS.tolist()))
