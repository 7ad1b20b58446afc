"""A conversation that was refused for too many requests on one account and resumed at once on another."""

import duckdb

from graph.signals.signal import Family, Signal

# Someone who is refused and has another account at hand goes on within minutes; who comes back later may be anybody
# with the same opening.
RESUMED_WITHIN_SECONDS = 600

SIGNAL = Signal(
    kind="failover",
    family=Family.FAILOVER,
    table="",
    key="",
    where="",
    sentence="conversation refused with 429 on one and resumed within minutes on the other",
)

TURNS = """
    CREATE OR REPLACE TEMP TABLE turns AS
    SELECT account_id, conversation_prefix_hash AS key, event_time, event_id, status,
           row_number() OVER (ORDER BY event_time, event_id, account_id) AS turn
    FROM events
    WHERE src = 'usage'
      AND conversation_prefix_hash IN (SELECT key FROM degrees WHERE kind = 'conversation' AND accounts > 1)"""

# For each refused turn: the first turn answered on another account soon after, and whether one was soon before.
AROUND = """
    CREATE OR REPLACE TEMP TABLE around AS
    SELECT r.account_id, r.key, r.turn, min(t.turn) FILTER (t.event_time > r.event_time) AS next_turn,
           bool_or(t.event_time < r.event_time) AS preceded
    FROM turns r LEFT JOIN turns t ON t.key = r.key AND t.account_id <> r.account_id AND t.status < 400
        AND abs(epoch_us(t.event_time) - epoch_us(r.event_time)) <= 1000000 * $within
    WHERE r.status = 429
    GROUP BY ALL"""

# Both ends: the refused request and the first that took the conversation up elsewhere.
MOVES = """
    SELECT account_id, key, event_time, event_id, turn FROM turns
    WHERE turn IN (SELECT turn FROM around WHERE next_turn IS NOT NULL UNION SELECT next_turn FROM around)"""

# Strangers who hold the same conversation use it as often just before the other's refusal as just after: how often it
# comes before is what the timing of those after is worth.
COINCIDENCE = "SELECT (count(*) FILTER (preceded) + 1) / (count(*) + 1) FROM around"


def find_moves(con: duckdb.DuckDBPyConnection) -> float:
    """Make the table `moves` (account_id, key, event_time, event_id, turn); returns the chance of such timing.

    Reads `events`, and of `degrees` (kind, key, accounts) which conversations several accounts had.
    """
    con.execute(TURNS)
    con.execute(AROUND, {"within": RESUMED_WITHIN_SECONDS})
    con.execute("CREATE OR REPLACE TEMP TABLE moves AS " + MOVES)
    chance: float = con.sql(COINCIDENCE).fetchall()[0][0]
    return chance
