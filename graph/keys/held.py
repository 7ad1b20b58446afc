"""Over all days: which account holds which key, how many accounts hold it, and what has one vote."""

import duckdb

from graph.keys.slots import make_slots
from graph.signals import SIGNALS, failover, handover
from graph.signals.signal import Family

# Above a quarter of all accounts a key says nothing about anybody, whatever it is.
COMMONEST_SHARE = 0.25

# Phrases are counted apart by how many accounts use them, up to so many each: the many common ones would drown the few
# rare ones. The last is where a phrase is language, and bounds the cost of sixteen values per prompt.
BANDS = (5, 20, 80)
# A family's keys are told apart in so many slices at most: conversations by how they were passed on and how soon.
SLICES = 2 * len(failover.SPANS)
# A phrase in so many requests of an account is its habit. Once it may be the matter at hand, which strangers in one
# trade share, and twice a request that was sent again.
HABIT = 3


def make_held(con: duckdb.DuckDBPyConnection, days: str, without: Family | None = None) -> None:
    """Make the tables of a run's keys from `days` (SQL in the shape of `account_key_days`) and `events`.

    Keys of the family `without` are in `showed` at most.

    `account` (a, account_id): accounts numbered by their ids in order. `showed`: `account_keys` of the contract with
    `first_event`, and `phrase` of slots, of keys that at least two accounts show; `degrees` (kind, key, accounts): how
    many do.
    `seldom` (kind, once, twice): how many keys of a kind one account shows, and two. `shared` (k, kind, key, degree,
    rarity, band): keys that at most COMMONEST_SHARE of all hold, rarity = ln(accounts / degree) in micro-nats. `held`
    (a, k, …, unit, first_seen, first_event): who holds them, `unit` having one vote. `slices` (slice, family, band,
    part, coincidence, timing, clump): a family's keys by band; those of one `part` are weighed together, each key being
    rarer by `coincidence`, the chance of the timing that it asks for, and `timing` = −ln of that, micro-nats; `clump`:
    how many votes strangers have for each such key that they share. `holdings` (a,
    family, n): how many keys of a family an account holds, shared or not. `family_degrees` (family, band, degree, n):
    how many shared keys there are. `crowds` (hubs, near): how many took up any of those keys; filled on demand.
    """
    _make_names(con, without)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE account AS
        SELECT row_number() OVER (ORDER BY account_id)::INTEGER - 1 AS a, account_id
        FROM (SELECT DISTINCT account_id FROM ({days}))""")
    _make_showed(con, days)
    if without is not Family.PHRASE:
        _add_slots(con)
    _add_passed_on(con)
    _make_shared(con)


def add_lone(con: duckdb.DuckDBPyConnection, days: str) -> None:
    """Add to `showed` and `degrees` what the accounts in `member` alone show."""
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE lone AS
        SELECT {SHOWED} FROM ({days}) d ANTI JOIN degrees USING (kind, key)
        WHERE account_id IN (SELECT account_id FROM account JOIN member USING (a))
        GROUP BY account_id, kind, key""")
    con.execute("INSERT INTO showed BY NAME FROM lone")
    con.execute("INSERT INTO degrees SELECT kind, key, count(*) FROM lone GROUP BY kind, key")


def accounts_of(con: duckdb.DuckDBPyConnection) -> int:
    """How many accounts the run sees."""
    count: int = con.sql("SELECT count(*) FROM account").fetchall()[0][0]
    return count


def place_coincidence(con: duckdb.DuckDBPyConnection) -> None:
    """Set the chance of the timing of conversations passed on, as strangers of no or of another `member` show it."""
    for band, chance in enumerate([*failover.coincidence(con), *handover.coincidence(con)]):
        con.execute(
            """UPDATE slices SET coincidence = $chance, timing = floor(-1e6 * ln($chance))
            WHERE family = $family AND band = $band""",
            {"chance": chance, "family": Family.FAILOVER.value, "band": band},
        )


SHOWED = """account_id, kind, key, min(first_seen) AS first_seen, max(last_seen) AS last_seen,
               sum(events)::BIGINT AS events, arg_min(first_event, event_date) AS first_event"""


def _make_names(con: duckdb.DuckDBPyConnection, without: Family | None) -> None:
    con.execute("CREATE OR REPLACE TEMP TABLE signals (kind VARCHAR, family VARCHAR, unit VARCHAR)")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE slices (
            slice UTINYINT, family VARCHAR, band INTEGER, part INTEGER, coincidence DOUBLE, timing BIGINT,
            clump DOUBLE)""")
    for place, family in enumerate(Family):
        rows = [(SLICES * place + band, family, band, band * (family is Family.PHRASE)) for band in range(SLICES)]
        con.executemany("INSERT INTO slices VALUES (?, ?, ?, ?, 1.0, 0, 1.0)", rows)
    signals = [(s.kind, s.family.value, s.unit) for s in SIGNALS if s.family is not without]
    con.executemany("INSERT INTO signals VALUES (?, ?, ?)", signals)


def _make_showed(con: duckdb.DuckDBPyConnection, days: str) -> None:
    """Find the keys of several accounts by their hashes, a row of numbers each; only those are then read as text."""
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE seen AS
        SELECT DISTINCT a, kind, hash(key) AS h FROM ({days}) JOIN account USING (account_id)""")
    con.execute("CREATE OR REPLACE TEMP TABLE tally AS SELECT kind, h, count(*) AS accounts FROM seen GROUP BY kind, h")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE seldom AS
        SELECT kind, count(*) FILTER (accounts = 1) AS once, count(*) FILTER (accounts = 2) AS twice
        FROM tally GROUP BY kind""")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE holdings AS
        SELECT a, family, count(*) AS n FROM seen JOIN signals USING (kind) GROUP BY a, family""")
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE showed AS
        SELECT {SHOWED}, NULL::UBIGINT AS phrase FROM ({days}) d
        SEMI JOIN (FROM tally WHERE accounts > 1) t ON t.kind = d.kind AND t.h = hash(d.key)
        GROUP BY account_id, kind, key""")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE degrees AS SELECT kind, key, count(*) AS accounts FROM showed GROUP BY ALL"
    )
    # Any conversation might have been passed on to another account, so what is held of those is conversations.
    con.execute("""
        INSERT INTO holdings
        SELECT a, 'failover', count(*) FROM seen WHERE kind = 'conversation' GROUP BY a""")
    con.execute("DROP TABLE seen")
    con.execute("DROP TABLE tally")


def _add_slots(con: duckdb.DuckDBPyConnection) -> None:
    make_slots(con, accounts_of(con), BANDS[-1], HABIT)
    con.execute("""
        INSERT INTO showed BY NAME
        SELECT account_id, 'slot' AS kind, key, first_seen, last_seen, events, first_event, unit AS phrase
        FROM slot_held JOIN account USING (a)""")
    con.execute("INSERT INTO degrees SELECT 'slot', key, count(*) FROM slot_held GROUP BY key")
    con.execute("INSERT INTO holdings SELECT a, 'phrase', n FROM slot_holdings")
    con.execute("DROP TABLE slot_held")


def _add_passed_on(con: duckdb.DuckDBPyConnection) -> None:
    """Conversations passed on count as keys as common as the conversation itself, and no more as conversations.

    An account has had one since its own first turn, not since it took it on: who replays a victim's turns comes second.
    """
    failover.find_moves(con)
    handover.find_handovers(con)
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE passed_on AS
        SELECT 'failover' AS kind, span AS band, * FROM moves
        UNION ALL SELECT 'handover', span + $spans, * FROM handovers""",
        {"spans": len(failover.SPANS)},
    )
    con.execute("""
        INSERT INTO showed BY NAME
        SELECT account_id, p.kind, key, min(s.first_seen) AS first_seen, max(event_time) AS last_seen,
               count(*) AS events, arg_min(event_id, turn) AS first_event
        FROM passed_on p JOIN (FROM showed WHERE kind = 'conversation') s USING (account_id, key)
        GROUP BY account_id, p.kind, key""")
    con.execute("""
        INSERT INTO degrees
        SELECT p.kind, key, accounts FROM degrees d JOIN (SELECT DISTINCT kind, key FROM passed_on) p USING (key)
        WHERE d.kind = 'conversation'""")


def _make_shared(con: duckdb.DuckDBPyConnection) -> None:
    accounts = accounts_of(con)
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE shared AS
        SELECT row_number() OVER (ORDER BY kind, key)::INTEGER - 1 AS k, kind, key, accounts AS degree,
               floor(1e6 * ln($accounts / accounts))::BIGINT AS rarity,
               CASE WHEN kind IN ('failover', 'handover') THEN p.band
                    WHEN kind <> 'slot' OR accounts <= $rare THEN 0 WHEN accounts <= $less THEN 1 ELSE 2 END AS band
        FROM degrees SEMI JOIN signals USING (kind)
        LEFT JOIN (SELECT DISTINCT key, band FROM passed_on) p USING (key)
        WHERE kind <> 'conversation'
          AND accounts BETWEEN 2 AND greatest(2, $share * $accounts) AND (kind <> 'slot' OR accounts <= $most)""",
        {"accounts": accounts, "share": COMMONEST_SHARE, "rare": BANDS[0], "less": BANDS[1], "most": BANDS[2]},
    )
    con.execute("""
        CREATE OR REPLACE TEMP TABLE family_degrees AS
        SELECT family, band, degree, count(*) AS n FROM shared JOIN signals USING (kind)
        GROUP BY ALL ORDER BY ALL""")
    con.execute("CREATE OR REPLACE TEMP TABLE crowds (hubs INTEGER[], near BIGINT)")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE blocks AS
        SELECT coalesce(ip_64_key, ip_key) AS key, min(ip_prefix) AS block FROM events
        WHERE coalesce(ip_64_key, ip_key) IN (SELECT key FROM shared WHERE kind = 'ip') GROUP BY ALL""")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE held AS
        SELECT a, k, s.kind, g.family, s.band, slice, degree, rarity, first_seen, first_event,
               first_seen > min(first_seen) OVER (PARTITION BY k) AS followed,
               CASE g.unit WHEN 'event' THEN coalesce(phrase, hash(first_event))
                    WHEN 'block' THEN hash(coalesce(block, key)) ELSE k END AS unit
        FROM shared s
        JOIN showed USING (kind, key)
        JOIN account USING (account_id)
        JOIN signals g USING (kind)
        JOIN slices c ON c.family = g.family AND c.band = s.band
        LEFT JOIN blocks USING (key)""")
