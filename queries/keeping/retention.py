"""Retention: rows and runs that are older than the settings allow leave the lake."""

import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import duckdb

from pipeline.contract.tables import EVENT_TABLES, TABLES, Home, Retention
from pipeline.exclusion import rewriting
from pipeline.lake import Lake
from queries.keeping import redrawing
from queries.keeping.holds import Hold, hold
from queries.keeping.leaving import AGES, HELD, Leaving, first_day, leaving, old_runs, oldest
from queries.keeping.retentions import record
from queries.keeping.rows import drop_by_day, drop_listed, drop_where, vacuum
from queries.keeping.runrows import RUN_ID
from queries.keeping.settled import settled_alerts

# Half-written runs of a link that was killed lie without a row: none takes so long.
UNFINISHED = timedelta(days=1)


def plan(lake: Lake, days: Mapping[str, int], now: datetime) -> list[Leaving]:
    """What `retain` would take out now; nothing is changed.

    Raises LakeError if who is held cannot be told.
    """
    with duckdb.connect() as con:
        return leaving(con, lake, days, hold(lake, now, days.get("holds")), now)


def retain(lake: Lake, days: Mapping[str, int], now: datetime) -> Iterator[tuple[str, int]]:
    """Take out what is older than `days` (by table, or `runs`) allow; yields (table, rows or runs that left).

    What leaves is logged first: `verify` and alerts tell retention from tampering and from news by it. Files that left
    a table two days ago are deleted, whatever `days` has.
    Yields ("held", accounts) last, where an open case keeps some. Raises LakeError if the lake cannot be written, or
    who is held cannot be told.
    """
    with rewriting(lake), duckdb.connect() as con:
        held = hold(lake, now, days.get("holds"))
        going = leaving(con, lake, days, held, now)
        record(
            lake,
            (Retention(table=g.table, before=g.before, rows=g.rows, retained_at=now) for g in going if g.rows),
        )
        yield from _events(con, lake, days, now)
        for table in sorted(AGES.keys() & days.keys()):
            yield table, drop_where(lake, table, f"{AGES[table]} < {_instant(oldest(days[table], now))}")
        if "alerts" in days:
            yield "alerts", _alerts(lake, oldest(days["alerts"], now))
        if "runs" in days:
            yield "runs", _runs(lake, days["runs"], held, now)
        vacuum(lake, (table.name for table in TABLES if table.home is not Home.RUN))
    if held.accounts:
        yield "held", len(held.accounts)


def _events(
    con: duckdb.DuckDBPyConnection, lake: Lake, days: Mapping[str, int], now: datetime
) -> Iterator[tuple[str, int]]:
    for table in EVENT_TABLES:
        if table.name in days:
            doomed = f"event_date < DATE '{first_day(days[table.name], now):%Y-%m-%d}' AND NOT ({HELD})"
            dated = con.sql(f"SELECT DISTINCT event_date FROM ({lake.select(table.name)}) WHERE {doomed}").fetchall()
            redrawing.note(lake, (day for (day,) in dated))
            if table.name == "signup":
                redrawing.note_signups(lake, (day for (day,) in dated))
            yield table.name, sum(drop_by_day(con, lake, table.name, doomed).values())
    redrawing.redraw_noted(con, lake)


def _alerts(lake: Lake, before: datetime) -> int:
    gone, _ = settled_alerts(lake, before)
    drop_listed(lake, "alerts", "alert_uid", gone)
    return len(gone)


def _runs(lake: Lake, days: int, held: Hold, now: datetime) -> int:
    left = drop_listed(lake, "runs", "run_id", old_runs(lake, days, held, now)[0])
    known = {run.run_id for run in lake.runs()}
    for folder in lake.runs_dir().glob("*/"):
        written = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
        if RUN_ID.fullmatch(folder.name) and folder.name not in known and now - written > UNFINISHED:
            shutil.rmtree(folder)
    return left


def _instant(moment: datetime) -> str:
    """`moment` as a literal of the tables' own type: DataFusion compares no other with it."""
    return f"arrow_cast('{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z', 'Timestamp(Microsecond, Some(\"UTC\"))')"
