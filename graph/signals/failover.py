"""A conversation that was refused on one account and resumed at once on another."""

import duckdb

from graph.signals.signal import Family, Signal

# Someone who is refused and has another account at hand goes on within minutes; who comes back later may be anybody
# with the same opening.
RESUMED_WITHIN_SECONDS = 600
# HTTP statuses that refuse the account, not the request: no valid key, no credit, closed, too many requests.
REFUSED = (401, 402, 403, 429)
# What more accounts than this open with is a form of words. Cost only: refusals meet all other uses around them.
MOST_ACCOUNTS = 200

SIGNAL = Signal(
    kind="failover",
    family=Family.FAILOVER,
    table="",
    key="",
    where="",
    sentence="conversation refused on one (limit, credit or ban) and resumed within minutes on the other",
)

TURNS = """
    CREATE OR REPLACE TEMP TABLE turns AS
    SELECT account_id, conversation_prefix_hash AS key, event_time, event_id, status,
           row_number() OVER (ORDER BY event_time, event_id, account_id) AS turn
    FROM events
    WHERE src = 'usage'
      AND conversation_prefix_hash IN (
          SELECT key FROM degrees WHERE kind = 'conversation' AND accounts BETWEEN 2 AND $most)"""

# Conversations in which at least half of the accounts after the first came in within minutes of another's turn. Where
# most came later it is no dialogue but an opening that people use: a benchmark's item, an exercise, a prompt for sale.
DIALOGUES = """
    CREATE OR REPLACE TEMP TABLE dialogues AS
    SELECT key FROM joined GROUP BY key HAVING 2 * count(*) FILTER (at_once) >= greatest(2, count(*) - 1)"""

# Whether each account came into each conversation within minutes of another's turn.
JOINED = """
    CREATE OR REPLACE TEMP TABLE joined AS
    WITH waits AS (
        SELECT key, account_id, turn, epoch_us(event_time) - lag(epoch_us(event_time)) OVER before AS wait
        FROM turns WINDOW before AS (PARTITION BY key ORDER BY turn)
    )
    SELECT key, account_id, arg_min(coalesce(wait <= 1000000 * $within, false), turn) AS at_once
    FROM waits GROUP BY key, account_id"""

# A program goes on within seconds, a person within a minute or so. Chance fills each span by its length, who has a
# second account at hand the first: so they are told apart, up to so many seconds each.
SPANS = (10, 60, RESUMED_WITHIN_SECONDS)

# Each refused turn with the turns answered on other accounts around it; `span` is the first of SPANS that holds both.
AROUND = """
    CREATE OR REPLACE TEMP TABLE around AS
    SELECT r.account_id, r.turn, r.key, t.account_id AS other, t.turn AS other_turn,
           t.event_time > r.event_time AS after,
           len(list_filter($spans, lambda longest: longest * 1000000
               < abs(epoch_us(t.event_time) - epoch_us(r.event_time)))) AS span
    FROM turns r JOIN turns t ON t.key = r.key AND t.account_id <> r.account_id AND t.status < 400
        AND abs(epoch_us(t.event_time) - epoch_us(r.event_time)) <= 1000000 * $within
    WHERE list_contains($refused, r.status) AND t.event_time <> r.event_time"""

# The turns that are `ends` of a conversation's being passed on; its soonest says how far that may be chance.
ENDS = """
    SELECT account_id, key, event_time, event_id, turn, min(span) OVER (PARTITION BY key) AS span
    FROM turns JOIN (SELECT turn, min(span) AS span FROM ends GROUP BY turn) USING (turn)"""

# Both ends of each move: the refused request and the first that took the conversation up elsewhere.
MOVES = f"""
    CREATE OR REPLACE TEMP TABLE moves AS
    WITH next AS (
        SELECT turn, min(other_turn) AS next_turn, min(span) AS span FROM around SEMI JOIN dialogues USING (key)
        WHERE after GROUP BY turn
    ), ends AS (
        SELECT turn, span FROM next UNION SELECT next_turn, span FROM next
    )
    {ENDS}"""

# Strangers who hold the same conversation use it as often just before the other's refusal as just after: how often it
# comes before is what the timing of those after is worth. Members of one cluster are no strangers: what their
# timing says of it counts for one observation.
COINCIDENCE = """
    WITH turned AS (
        SELECT r.turn, r.after, r.span, bool_or(mx.c IS NULL OR my.c IS NULL OR mx.c <> my.c) AS strange FROM around r
        LEFT JOIN account x ON x.account_id = r.account_id LEFT JOIN member mx ON mx.a = x.a
        LEFT JOIN account y ON y.account_id = r.other LEFT JOIN member my ON my.a = y.a
        GROUP BY ALL
    ), counted AS (
        SELECT span, count(*) FILTER (NOT after AND strange) AS before_strange,
               count(*) FILTER (after AND strange) AS after_strange,
               (count(*) FILTER (after AND NOT strange) + 1)
                   / (count(*) FILTER (NOT after AND NOT strange) + 1) AS others
        FROM turned GROUP BY span
    )
    SELECT span, least(1.0, (before_strange + 1) / (after_strange + greatest(1, others))) FROM counted"""


def find_moves(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables `joined` (key, account_id, at_once), `dialogues` (key) and `moves`.

    `moves`: (account_id, key, event_time, event_id, turn, span).

    Reads `events`, and of `degrees` (kind, key, accounts) which conversations several accounts had.
    """
    con.execute(TURNS, {"most": MOST_ACCOUNTS})
    con.execute(JOINED, {"within": RESUMED_WITHIN_SECONDS})
    con.execute(DIALOGUES)
    con.execute(AROUND, {"within": RESUMED_WITHIN_SECONDS, "spans": list(SPANS), "refused": list(REFUSED)})
    con.execute(MOVES)


def coincidence(con: duckdb.DuckDBPyConnection) -> list[float]:
    """Per span, the chance that strangers who hold one conversation show such timing; `member` says who are not."""
    chances = dict(con.sql(COINCIDENCE).fetchall())
    return [chances.get(span, 1.0) for span in range(len(SPANS))]
