"""Seeds within a cohort: the holders of one key who agree in something else besides, as so many strangers would not.

A template of fifty accounts says little of any two of them, and an address in common little of any two strangers.
Where the fifty have addresses in common with each other, though, as no other fifty have, they are no strangers.
"""

from itertools import pairwise
from math import comb

import duckdb
import numpy as np
import pyarrow as pa
from scipy.stats import poisson

from graph.components import GROUP
from graph.links import FAMILIES, SUPPORT, Scored
from graph.null import Bools, Ints
from graph.pairs import ALL_PAIRS
from graph.seeds import SEED_SHARE
from graph.signals.signal import CONTENT, Family

# What bears out that the holders of a key belong together is evidence that the key does not bring with it: software
# has its prompts and its user agent, a make of device its browser, and who copies a prompt may copy a conversation.
ASKED = (CONTENT, frozenset(Family) - CONTENT - {Family.FAILOVER, Family.CLIENT})
OWNED = tuple((frozenset({one}), frozenset(Family) - {one, Family.CLIENT}) for one in (Family.PAYMENT, Family.DEVICE))

# How many free accounts hold each key, and a hash of who they are: keys of the same holders are one cohort.
COHORTS = """
    CREATE OR REPLACE TEMP TABLE cohorts AS
    WITH bound AS (
        SELECT a FROM member JOIN (SELECT c FROM member GROUP BY c HAVING count(*) >= $least) USING (c)
    )
    SELECT min(k) AS k, n FROM (
        SELECT k, count(*) AS n, bit_xor(hash(a)) AS holders FROM held ANTI JOIN bound USING (a)
        WHERE list_contains($families, family) AND degree <= $most GROUP BY k HAVING n >= $least)
    GROUP BY holders, n"""

# Which pairs are in which cohort, in order of what they agree in besides.
AGREEING = """
    SELECT k, n, l, r, besides, place
    FROM pairs_besides JOIN (SELECT a AS l, k FROM held) USING (l) JOIN cohorts USING (k)
    JOIN (SELECT a AS r, k FROM held) USING (r, k)
    ORDER BY k, besides DESC, place"""


def within_cohorts(con: duckdb.DuckDBPyConnection, scored: Scored, free: Bools) -> tuple[Bools, str]:
    """Pairs of which at most SEED_SHARE agree by chance, in cohorts of which one is chance in as few populations.

    Chance is what pairs show that are not in the cohort. Needs the tables `held` and `member`.
    """
    seeds = np.zeros(len(free), dtype=np.bool_)
    told = []
    for families, besides in (ASKED, *OWNED):
        found, cohorts = _sow(con, scored, free, families, besides, seeds)
        told.append(f"{found} of {cohorts} by {' and '.join(sorted(families))}")
    return seeds, f"seeds within cohorts ({', '.join(told)}): {int(seeds.sum())}"


def _sow(
    con: duckdb.DuckDBPyConnection,
    scored: Scored,
    free: Bools,
    families: frozenset[Family],
    besides: frozenset[Family],
    seeds: Bools,
) -> tuple[int, int]:
    """Mark the `seeds` in cohorts of keys of `families`; returns how many of how many cohorts have any."""
    con.execute(COHORTS, {"families": sorted(families), "least": GROUP, "most": ALL_PAIRS})
    cohorts = con.sql("SELECT count(*) FROM cohorts").fetchall()[0][0]
    weight = scored.weights[:, [i for i, name in enumerate(FAMILIES) if name in besides]].sum(axis=1, dtype=np.int64)
    speaking = np.flatnonzero(weight >= SUPPORT)
    order = speaking[np.argsort(weight[speaking])]
    reaching = np.append(np.cumsum(scored.strange[order][::-1], dtype=np.int64)[::-1], 0)
    rows = _agreeing(con, scored, speaking[free[speaking]], weight)
    reach = reaching[np.searchsorted(weight[order], rows["besides"])]
    starts = np.flatnonzero(np.diff(rows["k"], prepend=-1))
    found = 0
    for start, end in pairwise([*starts.tolist(), len(reach)]):
        inside = comb(int(rows["n"][start]), 2)
        count = np.arange(1, end - start + 1)
        outside = np.maximum(reach[start:end] - count, 0) + 1
        expected = inside * outside / max(comb(scored.accounts, 2) - inside, 1)
        few = np.flatnonzero(expected <= SEED_SHARE * count)
        if not len(few):
            continue
        upto = start + int(few[-1]) + 1
        # Pairs that share an account are one: what makes one look so may well make another.
        distinct = min(len(np.unique(rows["l"][start:upto])), len(np.unique(rows["r"][start:upto])))
        if poisson.sf(distinct - 1, expected[few[-1]]) * cohorts < SEED_SHARE:
            seeds[rows["place"][start:upto]] = True
            found += 1
    return found, cohorts


def _agreeing(con: duckdb.DuckDBPyConnection, scored: Scored, at: Ints, weight: Ints) -> dict[str, Ints]:
    """The rows of AGREEING of the pairs at the places `at`."""
    pairs = {"l": scored.left[at], "r": scored.right[at], "besides": weight[at], "place": at}
    con.register("pairs_besides", pa.table(pairs))
    rows = con.sql(AGREEING).fetchnumpy()
    con.unregister("pairs_besides")
    return {name: np.asarray(column, dtype=np.int64) for name, column in rows.items()}
