"""Candidate pairs: accounts that share a key, at a cost that no hub can blow up."""

import duckdb

# Up to so many holders every pair of a key is looked at. Cost only (a key of degree d makes d²/2 pairs): what a key
# weighs is its rarity. Slot values are many, hence the lower bound.
ALL_PAIRS = 200
ALL_PAIRS_SLOT = 80
# Above it each holder meets its next neighbours in hash order, the same order in every key, so that accounts with
# several hubs in common meet in each of them.
NEIGHBOURS = 12

PAIRS = """
    SELECT x.a AS l, y.a AS r, x.k, x.kind, x.family, x.rarity, x.unit AS unit_l, y.unit AS unit_r, x.hub
    FROM ranked x JOIN ranked y ON y.k = x.k AND x.a < y.a
    WHERE NOT x.hub
    UNION ALL
    SELECT least(x.a, y.a), greatest(x.a, y.a), x.k, x.kind, x.family, x.rarity,
           CASE WHEN x.a < y.a THEN x.unit ELSE y.unit END, CASE WHEN x.a < y.a THEN y.unit ELSE x.unit END, x.hub
    FROM ranked x JOIN ranked y ON y.k = x.k AND y.place > x.place AND y.place <= x.place + $neighbours
    WHERE x.hub"""

# One unit, one vote, counted on both sides: the smaller count is what cannot be explained by one request of either.
AGREEMENT = """
    WITH left_votes AS (
        SELECT l, r, family, sum(best)::BIGINT AS agreement, count(*) AS votes FROM (
            SELECT l, r, family, max(rarity) AS best FROM pair_keys GROUP BY l, r, family, unit_l)
        GROUP BY l, r, family
    ), right_votes AS (
        SELECT l, r, family, sum(best)::BIGINT AS agreement, count(*) AS votes FROM (
            SELECT l, r, family, max(rarity) AS best FROM pair_keys GROUP BY l, r, family, unit_r)
        GROUP BY l, r, family
    ), solid AS (SELECT l, r, family, bool_or(NOT hub) AS solid FROM pair_keys GROUP BY l, r, family)
    SELECT l, r, family, least(x.agreement, y.agreement) AS agreement, least(x.votes, y.votes) AS votes, solid,
           coalesce(hl.n, 0) AS n_l, coalesce(hr.n, 0) AS n_r
    FROM left_votes x JOIN right_votes y USING (l, r, family) JOIN solid USING (l, r, family)
    LEFT JOIN holdings hl ON hl.a = l AND hl.family = x.family
    LEFT JOIN holdings hr ON hr.a = r AND hr.family = x.family
    ORDER BY l, r, family"""


def make_pairs(con: duckdb.DuckDBPyConnection) -> None:
    """Make `pair_keys` (a row per pair and shared key) and `agreements` (a row per pair and family) of `held`."""
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE ranked AS
        SELECT a, k, kind, family, rarity, unit,
               degree > CASE kind WHEN 'slot' THEN $slot ELSE $all END AS hub,
               row_number() OVER (PARTITION BY k ORDER BY hash(a), a) AS place
        FROM held""",
        {"all": ALL_PAIRS, "slot": ALL_PAIRS_SLOT},
    )
    con.execute("CREATE OR REPLACE TEMP TABLE pair_keys AS " + PAIRS, {"neighbours": NEIGHBOURS})
    con.execute("CREATE OR REPLACE TEMP TABLE agreements AS " + AGREEMENT)
