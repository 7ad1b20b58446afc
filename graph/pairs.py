"""Candidate pairs: accounts that share a key, at a cost that no hub and no number of keys can blow up."""

import duckdb

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
# Two accounts that share one key, a phrase or a circumstance, are linked by nothing, but they are most of the pairs,
# and how many there are of each weight is what the null is held against. Above so many rows one in THIN of them is
# looked at and counted THIN times.
ENOUGH_ROWS = 20_000_000
THIN = 32

# A pair is one number here, and a family with its band another (`slice`): grouping by numbers costs half as much.
PAIRS = """
    SELECT (x.a::BIGINT << 32) | y.a AS pair, x.k, x.slice, x.rarity, x.unit AS unit_l, y.unit AS unit_r, x.hub,
           x.first_seen <= y.first_seen AS left_first
    FROM ranked x JOIN ranked y ON y.k = x.k AND x.a < y.a
    WHERE NOT x.hub
    UNION ALL
    SELECT (least(x.a, y.a)::BIGINT << 32) | greatest(x.a, y.a), x.k, x.slice, x.rarity,
           CASE WHEN x.a < y.a THEN x.unit ELSE y.unit END, CASE WHEN x.a < y.a THEN y.unit ELSE x.unit END, x.hub,
           CASE WHEN x.a < y.a THEN x.first_seen <= y.first_seen ELSE y.first_seen <= x.first_seen END
    FROM ranked x JOIN ranked y ON y.k = x.k AND y.place > x.place AND y.place <= x.place + $neighbours
    WHERE x.hub"""

CAPS = """
    WITH made AS (
        SELECT family, degree, sum(n * degree * (degree - 1) // 2) AS pairs FROM family_degrees GROUP BY family, degree
    ), up_to AS (
        SELECT family, degree, sum(pairs) OVER (PARTITION BY family ORDER BY degree) AS pairs FROM made
    )
    SELECT family, coalesce(max(degree) FILTER (pairs <= $enough AND degree <= $all), 1) AS most FROM up_to
    GROUP BY family"""

# (pair, times): pairs that share a single weak key, one in `thin`.
THINNED = """
    SELECT pair, $thin AS times FROM ({pairs}) GROUP BY pair
    HAVING count(*) = 1 AND bool_and(list_contains($weak, slice)) AND hash(pair) % $thin = 0"""

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
# Only where requests are units do the sides differ.
AGREEMENT = """
    WITH left_votes AS (
        SELECT pair, slice, sum(best)::BIGINT AS agreement, count(*) AS votes, bool_or(solid) AS solid FROM (
            SELECT pair, slice, max(rarity) AS best, bool_or(NOT hub) AS solid
            FROM pair_keys GROUP BY pair, slice, unit_l)
        GROUP BY pair, slice
    ), right_votes AS (
        SELECT pair, slice, sum(best)::BIGINT AS agreement, count(*) AS votes FROM (
            SELECT pair, slice, max(rarity) AS best FROM pair_keys
            WHERE slice IN (SELECT slice FROM slices JOIN signals USING (family) WHERE signals.unit = 'event')
            GROUP BY pair, slice, unit_r)
        GROUP BY pair, slice
    )
    SELECT pair, slice, least(x.agreement, y.agreement) AS agreement, least(x.votes, y.votes) AS votes, solid,
           coalesce(hl.n, 0) AS n_l, coalesce(hr.n, 0) AS n_r, coalesce(times, 1) AS times
    FROM left_votes x LEFT JOIN right_votes y USING (pair, slice) JOIN slices USING (slice)
    LEFT JOIN holdings hl ON hl.a = pair >> 32 AND hl.family = slices.family
    LEFT JOIN holdings hr ON hr.a = pair & 4294967295 AND hr.family = slices.family
    LEFT JOIN thinned USING (pair)"""


def make_pairs(con: duckdb.DuckDBPyConnection) -> None:
    """Make `pair_keys` (a row per pair and shared key) and `agreements` (a row per pair and slice) of `held`.

    `pair` is the lesser account's number << 32 | the greater's; `times`: how many such pairs the row stands for.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE caps AS " + CAPS, {"enough": FAMILY_PAIRS, "all": ALL_PAIRS})
    con.execute("""
        CREATE OR REPLACE TEMP TABLE ranked AS
        SELECT a, k, slice, rarity, unit, first_seen, degree > most AS hub,
               row_number() OVER (PARTITION BY k ORDER BY hash(a), a) AS place
        FROM held JOIN caps USING (family)""")
    con.execute("CREATE OR REPLACE TEMP TABLE thinned (pair BIGINT, times BIGINT)")
    _keep_pairs(con, many=_rows(con) > ENOUGH_ROWS)
    con.execute(ONE_SIDED, {"family": Family.FAILOVER.value})
    con.execute("DROP TABLE ranked")
    con.execute("CREATE OR REPLACE TEMP TABLE agreements AS " + AGREEMENT)


def _rows(con: duckdb.DuckDBPyConnection) -> int:
    """How many rows `pair_keys` would have at most."""
    made: int = con.execute(
        """SELECT coalesce(sum(n * degree * CASE WHEN degree > most THEN $neighbours ELSE degree // 2 END), 0)::BIGINT
        FROM family_degrees JOIN caps USING (family)""",
        {"neighbours": NEIGHBOURS},
    ).fetchall()[0][0]
    return made


def _keep_pairs(con: duckdb.DuckDBPyConnection, *, many: bool) -> None:
    bound = {"neighbours": NEIGHBOURS}
    if not many:
        con.execute("CREATE OR REPLACE TEMP TABLE pair_keys AS " + PAIRS, bound)
        return
    slices = con.sql("SELECT slice, family FROM slices").fetchall()
    weak = [slice for slice, family in slices if family in (*CIRCUMSTANTIAL, Family.PHRASE)]
    con.execute("INSERT INTO thinned " + THINNED.format(pairs=PAIRS), bound | {"thin": THIN, "weak": weak})
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE pair_keys AS
        WITH several AS (
            SELECT pair FROM ({PAIRS}) GROUP BY pair HAVING count(*) > 1 OR NOT bool_or(list_contains($weak, slice))
            UNION ALL SELECT pair FROM thinned)
        FROM ({PAIRS}) SEMI JOIN several USING (pair)""",
        bound | {"weak": weak},
    )
