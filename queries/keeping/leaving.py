"""What is older than the settings allow: told beforehand, and logged before it leaves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import duckdb
import pyarrow as pa

from pipeline.contract.tables import EVENT_TABLES
from pipeline.lake import Lake
from queries.keeping.holds import Hold
from queries.keeping.settled import settled_alerts

# Tables of a day or less of grain, and the column that tells a row's age.
AGES = {"rejected": "_landed_at", "matches": "matched_at", "signup_bursts": "window_start"}
HELD = "account_id IN (SELECT account_id FROM held)"


@dataclass(frozen=True)
class Leaving:
    """What leaves one table: `rows` of what is older than `before`; `held` more stay for open cases, or are in use."""

    table: str
    before: datetime
    rows: int
    held: int


def leaving(
    con: duckdb.DuckDBPyConnection, lake: Lake, days: Mapping[str, int], held: Hold, now: datetime
) -> list[Leaving]:
    """What leaves each table of `days` at `now`; `held` becomes a table of `con`."""
    con.execute("SET TimeZone = 'UTC'")
    con.register("held", pa.table({"account_id": pa.array(sorted(held.accounts), pa.string())}))
    return [*_events(con, lake, days, now), *_dated(con, lake, days, now), *_others(lake, days, held, now)]


def first_day(days: int, now: datetime) -> datetime:
    """Start of the oldest day of events that stays."""
    return datetime.combine(now.astimezone(UTC).date() - timedelta(days=days), time(tzinfo=UTC))


def oldest(days: int, now: datetime) -> datetime:
    """The oldest instant of whose rows none leaves."""
    return (now - timedelta(days=days)).astimezone(UTC)


def old_runs(lake: Lake, days: int, held: Hold, now: datetime) -> tuple[set[str], set[str]]:
    """Ids of the runs that leave, and of those that are as old but current, or the basis of a decision on a case."""
    runs = lake.runs()
    current = {run.run_id for run in (*runs[-1:], *[run for run in runs if run.as_of is None][-1:])}
    old = {run.run_id for run in runs if now - run.started_at > timedelta(days=days)}
    return old - current - held.runs, old & (current | held.runs)


def _events(con: duckdb.DuckDBPyConnection, lake: Lake, days: Mapping[str, int], now: datetime) -> Iterator[Leaving]:
    for table in EVENT_TABLES:
        if table.name in days:
            before = first_day(days[table.name], now)
            counted = con.sql(
                f"SELECT count(*) FILTER (NOT ({HELD})), count(*) FILTER ({HELD}) "
                f"FROM ({lake.select(table.name)}) WHERE event_date < DATE '{before:%Y-%m-%d}'"
            ).fetchall()
            yield Leaving(table.name, before, *counted[0])


def _dated(con: duckdb.DuckDBPyConnection, lake: Lake, days: Mapping[str, int], now: datetime) -> Iterator[Leaving]:
    for table in sorted(AGES.keys() & days.keys()):
        before = oldest(days[table], now)
        rows = con.sql(
            f"SELECT count(*) FROM ({lake.select(table)}) WHERE {AGES[table]} < $before", params={"before": before}
        ).fetchall()
        yield Leaving(table, before, rows[0][0], 0)


def _others(lake: Lake, days: Mapping[str, int], held: Hold, now: datetime) -> Iterator[Leaving]:
    if "alerts" in days:
        gone, kept = settled_alerts(lake, oldest(days["alerts"], now))
        yield Leaving("alerts", oldest(days["alerts"], now), len(gone), kept)
    if "runs" in days:
        left, stay = old_runs(lake, days["runs"], held, now)
        yield Leaving("runs", oldest(days["runs"], now), len(left), len(stay))
