"""Keeps `account_key_days` in step with what has landed: only days that gained rows are computed anew."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import duckdb
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError

from graph.keys.draw import DRAWN_COLUMNS, make_days
from graph.signals import slot
from graph.snapshot import landed, load_events, pin
from pipeline.contract.arrow import arrow_schema
from pipeline.contract.ddl import parquet_source
from pipeline.contract.tables import BY_NAME, EVENT_TABLES
from pipeline.errors import LakeError
from pipeline.lake import Lake, live_files

# Two links at once disturb each other at most once per day of events they both compute; ten in a row is something else.
ATTEMPTS = 10
# Parquet of the days computed in one go, about 400,000 requests. A day's keys are independent of other days', so this
# bounds memory and changes no result.
PORTION_BYTES = 64 * 2**20

# Rows on their way to the table at a time.
WRITTEN_ROWS = 2**17

DAYS = BY_NAME["account_key_days"]
CLASHES = BY_NAME["clashes"]


def update_days(con: duckdb.DuckDBPyConnection, lake: Lake) -> tuple[dict[str, int], str]:
    """Bring `account_key_days` up to date; returns the positions it stands at and SQL that reads it as of then.

    The positions are the table's own application transactions, committed with the rows that they describe, so a
    second link that runs on meanwhile cannot move what this one reads.
    Raises LakeError if other links keep interfering.
    """
    for _ in range(ATTEMPTS):
        table = lake.table(DAYS.name)
        landed_to = lake.positions()
        recorded = {app: table.transaction_version(app) or 0 for app in landed_to}
        if recorded == landed_to:
            # Lakes of earlier versions keep phrases there as well.
            return landed_to, f"FROM ({parquet_source(DAYS, live_files(table))}) WHERE kind <> '{slot.SIGNAL.kind}'"
        try:
            _replace(con, lake, table, recorded, landed_to)
        except CommitFailedError:
            continue
    raise _disturbed(lake)


def redraw(con: duckdb.DuckDBPyConnection, lake: Lake, days: list[date]) -> None:
    """Compute `days` anew where the table stands: after events of these days have left the lake.

    Raises LakeError if links keep interfering.
    """
    for _ in range(ATTEMPTS):
        table = lake.table(DAYS.name)
        pin(con, {app: end for app in lake.positions() if (end := table.transaction_version(app))})
        try:
            _overwrite(con, lake, table, days, None)
        except CommitFailedError:
            continue
        return
    raise _disturbed(lake)


def changed_days(con: duckdb.DuckDBPyConnection, lake: Lake) -> list[date]:
    """Days with rows within the pinned positions."""
    parts = " UNION ".join(landed(con, lake, table, "e.event_date") for table in EVENT_TABLES)
    return [row[0] for row in con.execute(f"SELECT * FROM ({parts}) ORDER BY 1").fetchall()]


def draw_days(con: duckdb.DuckDBPyConnection, lake: Lake, as_of: datetime | None) -> str:
    """Draw all days anew from the pinned events before `as_of`; returns SQL in the shape of `account_key_days`."""
    _draw(con, lake, changed_days(con, lake), as_of)
    return "FROM drawn_days"


def _replace(
    con: duckdb.DuckDBPyConnection, lake: Lake, table: DeltaTable, since: dict[str, int], until: dict[str, int]
) -> None:
    pin(con, until, since)
    changed = changed_days(con, lake)
    pin(con, until)
    commit = CommitProperties(
        app_transactions=[Transaction(app, end) for app, end in until.items() if end > since[app]]
    )
    _overwrite(con, lake, table, changed, commit)


def _draw(con: duckdb.DuckDBPyConnection, lake: Lake, days: list[date], as_of: datetime | None = None) -> None:
    """Make the tables `drawn_days` and `drawn_clashes` of `days` at the pinned positions, before `as_of`.

    In DuckDB's memory, which is bound: the keys of a first run are most of what there is.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE drawn_days AS {lake.select(DAYS.name, [])}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE drawn_clashes AS {lake.select(CLASHES.name, [])}")
    for portion in _portions(lake, days):
        load_events(con, lake, as_of, portion, DRAWN_COLUMNS)
        make_days(con)
        con.execute("INSERT INTO drawn_days BY NAME FROM days")
        con.execute("INSERT INTO drawn_clashes BY NAME FROM clashing")
    for table in ("portion", "days"):
        con.execute(f"DROP TABLE IF EXISTS {table}")


def _overwrite(
    con: duckdb.DuckDBPyConnection, lake: Lake, table: DeltaTable, days: list[date], commit: CommitProperties | None
) -> None:
    """Write `days` of the table as they come out now, and their clashes before."""
    _draw(con, lake, days)
    _replace_clashes(con, lake, days)
    rows = con.sql("FROM drawn_days").to_arrow_reader(WRITTEN_ROWS).cast(arrow_schema(DAYS))
    if days:
        listed = ", ".join(f"'{day}'" for day in days)
        write_deltalake(table, rows, mode="overwrite", predicate=f"event_date IN ({listed})", commit_properties=commit)
    else:
        write_deltalake(table, rows, mode="append", commit_properties=commit)
    con.execute("DROP TABLE drawn_days")


def _disturbed(lake: Lake) -> LakeError:
    return LakeError(
        f"account_key_days at {lake.path(DAYS.name)} changed under this link {ATTEMPTS} times",
        remedy="let one link finish, then run it again",
    )


def _portions(lake: Lake, days: list[date]) -> Iterator[list[date]]:
    """Cut `days` where their files pass PORTION_BYTES; each portion has a day at least."""
    sizes: Counter[str] = Counter()
    for table in EVENT_TABLES:
        for file in map(Path, lake.files(table.name, days)):
            sizes[file.parent.name] += file.stat().st_size
    portion: list[date] = []
    held = 0
    for day in days:
        size = sizes[f"event_date={day}"]
        if portion and held + size > PORTION_BYTES:
            yield portion
            portion, held = [], 0
        portion.append(day)
        held += size
    if portion:
        yield portion


def _replace_clashes(con: duckdb.DuckDBPyConnection, lake: Lake, days: list[date]) -> None:
    listed = ", ".join(f"DATE '{day}'" for day in days) or "NULL"
    told = f"SELECT count(*) FROM ({lake.select(CLASHES.name)}) WHERE event_date IN ({listed})"
    known = con.sql(told).fetchall()[0][0]
    columns = ", ".join(f'"{c.name}"' for c in CLASHES.columns)
    found = con.sql(f"SELECT {columns} FROM drawn_clashes ORDER BY ALL").to_arrow_table().cast(arrow_schema(CLASHES))
    if known or found.num_rows:
        predicate = " OR ".join(f"event_date = '{day}'" for day in days)
        write_deltalake(lake.table(CLASHES.name), found, mode="overwrite", predicate=predicate)
