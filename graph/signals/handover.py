"""A conversation that one account leaves off and another goes on with, without a refusal."""

import duckdb

from graph.signals.failover import ENDS, SPANS
from graph.signals.signal import Family, Signal

# A dialogue has few turns, so few accounts can have had a hand in it; what more open with is a form of words.
MOST_HANDS = 20
# How soon strangers follow each other in the same opening by chance is read off pauses between the longest span and
# this: as long as a lesson or a workshop, whose members open alike in the same hour.
COMPARED_SECONDS = 3600

SIGNAL = Signal(
    kind="handover",
    family=Family.FAILOVER,
    table="",
    key="",
    where="",
    sentence="conversation left off on one and gone on with on the other within minutes ({holders} holders)",
)

# Each turn of a conversation with the next one, whosesoever it is. `pause` in seconds; null: it was the last.
STEPS = """
    CREATE OR REPLACE TEMP TABLE steps AS
    SELECT account_id, key, turn,
           lead(account_id) OVER next AS other, lead(turn) OVER next AS other_turn,
           (epoch_us(lead(event_time) OVER next) - epoch_us(event_time)) / 1e6 AS pause
    FROM turns
    WHERE key IN (SELECT key FROM degrees WHERE kind = 'conversation' AND accounts <= $most)
      AND key NOT IN (SELECT key FROM moves)
    WINDOW next AS (PARTITION BY key ORDER BY turn)"""

# Both ends of each handover. Who only ever opens conversations hands none over: they are copied from him, however many
# others replay them.
HANDOVERS = f"""
    CREATE OR REPLACE TEMP TABLE handovers AS
    WITH takers AS (
        SELECT DISTINCT account_id FROM joined SEMI JOIN dialogues USING (key) WHERE at_once
    ), passed AS (
        SELECT key, turn, other_turn, len(list_filter($spans, lambda longest: longest < pause)) AS span FROM steps
        SEMI JOIN dialogues USING (key) SEMI JOIN takers USING (account_id)
        WHERE other <> account_id AND pause > 0 AND pause <= $within AND other IN (FROM takers)
    ), ends AS (
        SELECT turn, span FROM passed UNION SELECT other_turn, span FROM passed
    )
    {ENDS}"""

# Strangers who open alike follow each other at a steady rate: how often they do in the compared pauses, over the time
# that turns then wait, times the time that turns wait within a span, is how often they do there by chance (Cox and
# Oakes 1984, "Analysis of survival data", piecewise exponential). Members of one cluster are no strangers: what their
# timing says counts for one observation.
COINCIDENCE = """
    WITH waits AS (
        SELECT coalesce(pause, $compared) AS pause, other IS NOT NULL AND other <> s.account_id AS passed,
               coalesce(mx.c = my.c, false) AS kin
        FROM steps s
        LEFT JOIN account x ON x.account_id = s.account_id LEFT JOIN member mx ON mx.a = x.a
        LEFT JOIN account y ON y.account_id = s.other LEFT JOIN member my ON my.a = y.a
    ), cells AS (
        SELECT lo, hi, kin, count(*) FILTER (passed AND pause > lo AND pause <= hi) AS n,
               sum(greatest(0, least(pause, hi) - lo)) AS waited
        FROM waits, (SELECT unnest($los) AS lo, unnest($his) AS hi) GROUP BY ALL
    ), chance AS (
        SELECT c.lo, c.kin, c.n, c.waited * f.n / nullif(f.waited, 0) AS expected
        FROM cells c JOIN cells f ON f.kin = c.kin AND f.hi = $compared WHERE c.hi < $compared
    )
    SELECT lo, least(1.0, (coalesce(sum(expected) FILTER (NOT kin), 0) + 1)
        / (coalesce(sum(n) FILTER (NOT kin), 0)
           + greatest(1, (coalesce(sum(n) FILTER (kin), 0) + 1) / (coalesce(sum(expected) FILTER (kin), 0) + 1))))
    FROM chance GROUP BY lo ORDER BY lo"""


def find_handovers(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table `handovers` (account_id, key, event_time, event_id, turn, span).

    Of `turns`, `joined`, `dialogues` and `moves`, as find_moves makes them, and `degrees`.
    """
    con.execute(STEPS, {"most": MOST_HANDS})
    con.execute(HANDOVERS, {"spans": list(SPANS), "within": SPANS[-1]})


def coincidence(con: duckdb.DuckDBPyConnection) -> list[float]:
    """Per span, the chance that strangers who open alike follow each other so soon; `member` says who are not."""
    los, his = [0, *SPANS], [*SPANS, COMPARED_SECONDS]
    chances = dict(con.execute(COINCIDENCE, {"compared": COMPARED_SECONDS, "los": los, "his": his}).fetchall())
    return [chances.get(lo, 1.0) for lo in los[:-1]]
