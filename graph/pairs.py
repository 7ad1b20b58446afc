"""Candidate pairs: accounts that share a key, at a cost that no hub can blow up."""

import duckdb

# Up to so many holders every pair of a key is looked at. Cost only (a key of degree d makes d²/2 pairs): what a key
# weighs is its rarity.
ALL_PAIRS = 200
# Above it each holder meets its next neighbours in hash order, the same order in every key, so that accounts with
# several hubs in common meet in each of them.
NEIGHBOURS = 12

# A pair is one number here, and a family with its band another (`slice`): grouping by numbers costs half as much.
PAIRS = """
    SELECT (x.a::BIGINT << 32) | y.a AS pair, x.k, x.slice, x.rarity, x.unit AS unit_l, y.unit AS unit_r, x.hub
    FROM ranked x JOIN ranked y ON y.k = x.k AND x.a < y.a
    WHERE NOT x.hub
    UNION ALL
    SELECT (least(x.a, y.a)::BIGINT << 32) | greatest(x.a, y.a), x.k, x.slice, x.rarity,
           CASE WHEN x.a < y.a THEN x.unit ELSE y.unit END, CASE WHEN x.a < y.a THEN y.unit ELSE x.unit END, x.hub
    FROM ranked x JOIN ranked y ON y.k = x.k AND y.place > x.place AND y.place <= x.place + $neighbours
    WHERE x.hub"""

# One unit, one vote, counted on both sides: the smaller count is what cannot be explained by one request of either.
AGREEMENT = """
    WITH left_votes AS (
        SELECT pair, slice, sum(best)::BIGINT AS agreement, count(*) AS votes, bool_or(solid) AS solid FROM (
            SELECT pair, slice, max(rarity) AS best, bool_or(NOT hub) AS solid
            FROM pair_keys GROUP BY pair, slice, unit_l)
        GROUP BY pair, slice
    ), right_votes AS (
        SELECT pair, slice, sum(best)::BIGINT AS agreement, count(*) AS votes FROM (
            SELECT pair, slice, max(rarity) AS best FROM pair_keys GROUP BY pair, slice, unit_r)
        GROUP BY pair, slice
    )
    SELECT pair, slice, least(x.agreement, y.agreement) AS agreement, least(x.votes, y.votes) AS votes, solid,
           coalesce(hl.n, 0) AS n_l, coalesce(hr.n, 0) AS n_r
    FROM left_votes x JOIN right_votes y USING (pair, slice) JOIN slices USING (slice)
    LEFT JOIN holdings hl ON hl.a = pair >> 32 AND hl.family = slices.family
    LEFT JOIN holdings hr ON hr.a = pair & 4294967295 AND hr.family = slices.family
    ORDER BY pair, slice"""


def make_pairs(con: duckdb.DuckDBPyConnection) -> None:
    """Make `pair_keys` (a row per pair and shared key) and `agreements` (a row per pair and slice) of `held`.

    `pair` is the lesser account's number << 32 | the greater's.
    """
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE ranked AS
        SELECT a, k, slice, rarity, unit,
               degree > $all AS hub,
               row_number() OVER (PARTITION BY k ORDER BY hash(a), a) AS place
        FROM held""",
        {"all": ALL_PAIRS},
    )
    con.execute("CREATE OR REPLACE TEMP TABLE pair_keys AS " + PAIRS, {"neighbours": NEIGHBOURS})
    con.execute("CREATE OR REPLACE TEMP TABLE agreements AS " + AGREEMENT)
