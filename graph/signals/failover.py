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
    SELECT account_id, conversation_prefix_hash AS key, event_time, status, seq FROM events
    WHERE src = 'usage' AND conversation_prefix_hash IN (
        SELECT conversation_prefix_hash FROM events WHERE src = 'usage'
        GROUP BY conversation_prefix_hash HAVING count(DISTINCT account_id) > 1)"""

# For each turn of a conversation that several accounts hold: the first turn of another account soon after, or NULL.
FOLLOWED = """
    CREATE OR REPLACE TEMP TABLE followed AS
    SELECT t.account_id, t.key, t.status, t.seq, min(n.seq) AS next_seq
    FROM turns t LEFT JOIN turns n ON n.key = t.key AND n.account_id <> t.account_id AND n.status < 400
        AND n.event_time > t.event_time AND n.event_time <= t.event_time + to_seconds($within)
    GROUP BY ALL"""

# (account_id, key, seq) of both ends: the refused request and the first that took the conversation up elsewhere.
MOVES = """
    SELECT account_id, key, seq FROM followed WHERE status = 429 AND next_seq IS NOT NULL
    UNION SELECT t.account_id, t.key, t.seq FROM followed f JOIN turns t ON t.seq = f.next_seq WHERE f.status = 429"""

# How often such a conversation goes on elsewhere just as soon after a turn that was answered: what timing is worth.
COINCIDENCE = """
    SELECT (count(*) FILTER (next_seq IS NOT NULL) + 1) / (count(*) + 1) FROM followed WHERE status < 400"""


def find_moves(con: duckdb.DuckDBPyConnection) -> float:
    """Make the table `moves` (account_id, key, seq) of `events`; returns the chance of such timing unrefused."""
    con.execute(TURNS)
    con.execute(FOLLOWED, {"within": RESUMED_WITHIN_SECONDS})
    con.execute("CREATE OR REPLACE TEMP TABLE moves AS " + MOVES)
    chance: float = con.sql(COINCIDENCE).fetchall()[0][0]
    return chance
