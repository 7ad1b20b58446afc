"""A conversation that was refused for too many requests on one account and resumed at once on another."""

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

# (account_id, key, seq) of both ends: the refused request and the first that took the conversation up elsewhere.
MOVES = """
    WITH turns AS (
        SELECT account_id, conversation_prefix_hash AS key, event_time, status, seq
        FROM events WHERE src = 'usage' AND conversation_prefix_hash IS NOT NULL
    ), moved AS (
        SELECT r.account_id AS refused, r.key, r.seq AS refused_seq, min(t.seq) AS resumed_seq
        FROM turns r JOIN turns t ON t.key = r.key AND t.account_id <> r.account_id AND t.status < 400
            AND t.event_time > r.event_time AND t.event_time <= r.event_time + to_seconds($within)
        WHERE r.status = 429
        GROUP BY r.account_id, r.key, r.seq
    )
    SELECT refused AS account_id, key, refused_seq AS seq FROM moved
    UNION SELECT t.account_id, t.key, t.seq FROM moved m JOIN turns t ON t.seq = m.resumed_seq"""
