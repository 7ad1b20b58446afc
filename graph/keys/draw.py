"""Draws the keys of the signals from events."""

import re

import duckdb

from graph.signals import SIGNALS
from graph.signals.signal import Signal

SOURCES = {"addressed": "src IN ('signup', 'usage')"}
DAILY = tuple(signal for signal in SIGNALS if signal.table and signal.daily)
# All words of their SQL: what is no column is none of the events' either.
DRAWN_COLUMNS = frozenset(word for signal in DAILY for word in re.findall(r"\w+", f"{signal.key} {signal.where}"))


def draw_sql(signal: Signal) -> str:
    """SQL over `events`: (event_date, account_id, kind, key, seq), a row per key that an event shows."""
    source = SOURCES.get(signal.table, f"src = '{signal.table}'")
    return f"""
        SELECT event_date, account_id, '{signal.kind}' AS kind, {signal.key} AS key, seq
        FROM events WHERE {source} AND ({signal.where})"""


def make_days(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table `days` of the events that `load_events` read, in the shape of `account_key_days`.

    Kinds are grouped one by one: of a portion's keys memory holds those of a kind.
    """
    drawn = " UNION ALL ".join(
        f"""
        SELECT event_date, account_id, kind, key, min(seq) AS first, max(seq) AS last, count(*) AS events
        FROM ({draw_sql(signal)}) GROUP BY ALL"""
        for signal in DAILY
    )
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE days AS
        SELECT d.event_date, d.account_id, kind, key, f.event_id AS first_event, l.event_id AS last_event,
               f.event_time AS first_seen, l.event_time AS last_seen, d.events
        FROM ({drawn}) d
        JOIN portion f ON f.seq = d.first JOIN portion l ON l.seq = d.last""")
