"""Retention: rows and runs that are older than the settings allow leave the lake."""

import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa

from pipeline.contract.tables import EVENT_TABLES
from pipeline.exclusion import rewriting
from pipeline.lake import Lake
from queries.keeping import redrawing
from queries.keeping.holds import Hold, hold
from queries.keeping.rows import drop_by_day, drop_listed, drop_where, vacuum

# Tables of a day or less of grain, and the column that tells a row's age.
AGES = {"rejected": "_landed_at", "matches": "matched_at", "signup_bursts": "window_start"}
# Half-written runs of a link that was killed lie without a row: none takes so long.
UNFINISHED = timedelta(days=1)
RUN_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}")


def retain(lake: Lake, days: Mapping[str, int], now: datetime) -> Iterator[tuple[str, int]]:
    """Take out what is older than `days` (by table, or `runs`) allow; yields (table, rows or runs that left).

    Yields ("held", accounts) last, where an open case keeps some. Raises LakeError if the lake cannot be written, or
    who is held cannot be told.
    """
    with rewriting(lake), duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        held = hold(lake, now, days.get("holds"))
        yield from _events(con, lake, days, held, now)
        for table in sorted(AGES.keys() & days.keys()):
            oldest = (now - timedelta(days=days[table])).astimezone(UTC)
            yield table, drop_where(lake, table, f"{AGES[table]} < {_instant(oldest)}")
        if "runs" in days:
            yield "runs", _runs(lake, days["runs"], held, now)
        vacuum(lake, days.keys() - {"holds"} | {"account_key_days", "clashes"})
    if held.accounts:
        yield "held", len(held.accounts)


def _events(
    con: duckdb.DuckDBPyConnection, lake: Lake, days: Mapping[str, int], held: Hold, now: datetime
) -> Iterator[tuple[str, int]]:
    con.register("held", pa.table({"account_id": pa.array(sorted(held.accounts), pa.string())}))
    for table in EVENT_TABLES:
        if table.name in days:
            oldest = now.astimezone(UTC).date() - timedelta(days=days[table.name])
            doomed = f"event_date < DATE '{oldest}' AND account_id NOT IN (SELECT account_id FROM held)"
            dated = con.sql(f"SELECT DISTINCT event_date FROM ({lake.select(table.name)}) WHERE {doomed}").fetchall()
            redrawing.note(lake, (day for (day,) in dated))
            if table.name == "signup":
                redrawing.note_signups(lake, (day for (day,) in dated))
            yield table.name, sum(drop_by_day(con, lake, table.name, doomed).values())
    redrawing.redraw_noted(con, lake)


def _runs(lake: Lake, days: int, held: Hold, now: datetime) -> int:
    runs = lake.runs()
    current = {run.run_id for run in (*runs[-1:], *[run for run in runs if run.as_of is None][-1:])}
    old = [run.run_id for run in runs if now - run.started_at > timedelta(days=days)]
    left = drop_listed(lake, "runs", "run_id", set(old) - current - held.runs)
    known = {run.run_id for run in lake.runs()}
    for folder in lake.runs_dir().glob("*/"):
        written = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
        # The table `runs` lies in the same folder: only what has a run's name is a run's.
        if RUN_ID.fullmatch(folder.name) and folder.name not in known and now - written > UNFINISHED:
            shutil.rmtree(folder)
    return left


def _instant(moment: datetime) -> str:
    """`moment` as a literal of the tables' own type: DataFusion compares no other with it."""
    return f"arrow_cast('{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z', 'Timestamp(Microsecond, Some(\"UTC\"))')"
