"""What goes into the tables of the case file; a table is read again only if what it is read from has changed."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version

import duckdb
import msgspec
import pyarrow as pa
from msgspec.structs import asdict

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.ddl import comments, create_table, parquet_source, quoted
from pipeline.contract.tables import BY_NAME, EVENT_TABLES, Home, Table
from pipeline.lake import Lake
from queries.casefile import segments
from queries.casefile.events import fill_events, forget_events, tell_concerned
from queries.casefile.runs import RunFile, VerifiedRun
from queries.casefile.segments import Change
from queries.casefile.tables import (
    CASE_TABLES,
    LAKE_TABLES,
    NETWORKS,
    PUBLICATION,
    REJECTED_COUNTS,
    SEGMENTS,
    SOURCES,
    Publication,
    SegmentFile,
    Source,
)
from queries.casefile.views import macros, views
from queries.networks import read_networks

REJECTED_SQL = """
    SELECT _topic, reason, path, count(*), sum(size_bytes), min(_landed_at), max(_landed_at)
    FROM ({rejected}) GROUP BY ALL ORDER BY ALL
"""
KEY_DAYS = "account_key_days"
OF_CONCERNED = {*(table.name for table in EVENT_TABLES), KEY_DAYS}


def recipe() -> str:
    """SHA-256 of all that decides what is made of the same lake."""
    made_of = [version("hydratrace"), str(segments.RECIPE), *views(), *macros()]
    made_of += [line for table in CASE_TABLES for line in (create_table(table), *comments(table))]
    return hashlib.sha256(chr(0).join(made_of).encode()).hexdigest()


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Make every table, view and macro of the case file, empty, in the connection's own database."""
    for table in CASE_TABLES:
        _create(connection, table)
    for statement in (*views(), *macros()):
        connection.execute(statement)


def fill(connection: duckdb.DuckDBPyConnection, lake: Lake, verified: VerifiedRun, change: Change) -> None:
    """Bring the tables up to date, from empty or from what an earlier publish left; the segments must be there.

    Raises Shrunk if rows have left the lake since then.
    """
    sources, days = _sources(lake, verified), segments.days_of(lake.files(KEY_DAYS))
    before = connection.execute('SELECT "table", period, digest FROM sources').fetchall()
    changed = {(source.table, source.period) for source in sources} ^ {(table, period) for table, period, _ in before}
    known = {(table, period): digest for table, period, digest in before}
    changed |= {(s.table, s.period) for s in sources if known.get((s.table, s.period), s.digest) != s.digest}
    tell_concerned(connection, "was_concerned")
    for name, period in changed:
        if not period:
            _replace(connection, lake, verified, name)
    tell_concerned(connection, "concerned")
    redrawn = {period for name, period in changed if name == KEY_DAYS}
    forget_events(connection, change, redrawn)
    fill_events(connection, change, days, redrawn)
    record(connection, NETWORKS, read_networks(lake.root))
    record(connection, SOURCES, _rows(SOURCES, map(asdict, sources)))
    record(connection, SEGMENTS, _rows(SEGMENTS, (_segment(change, number) for number in change.now)))
    record(connection, PUBLICATION, _rows(PUBLICATION, [_publication(lake, verified)]))


def record(connection: duckdb.DuckDBPyConnection, table: Table, rows: pa.Table) -> None:
    """Replace the rows of `table`."""
    connection.register("recorded", rows)
    connection.execute(f'DELETE FROM "{table.name}"; INSERT INTO "{table.name}" FROM recorded')
    connection.unregister("recorded")


def _rows(table: Table, rows: Iterable[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=arrow_schema(table))


def _sources(lake: Lake, verified: VerifiedRun) -> list[Source]:
    """What every table is read from now."""
    files = msgspec.json.decode(verified.run.files, type=dict[str, RunFile])
    digests = {(name, ""): files[path.name].sha256 for name, path in verified.paths.items()}
    digests |= {(table.name, ""): _digest(lake.files(table.name)) for table in LAKE_TABLES if table.name != KEY_DAYS}
    digests[REJECTED_COUNTS.name, ""] = _digest(lake.files("rejected"))
    digests |= {(KEY_DAYS, day): _digest(of_day) for day, of_day in segments.days_of(lake.files(KEY_DAYS)).items()}
    return [Source(table=table, period=period, digest=digest) for (table, period), digest in sorted(digests.items())]


def _digest(files: list[str]) -> str:
    return hashlib.sha256(chr(0).join(files).encode()).hexdigest()


def _replace(connection: duckdb.DuckDBPyConnection, lake: Lake, verified: VerifiedRun, name: str) -> None:
    if name == REJECTED_COUNTS.name:
        table, source = REJECTED_COUNTS, REJECTED_SQL.format(rejected=lake.select("rejected"))
    else:
        table = BY_NAME[name]
        of_run = table.home is Home.RUN
        source = parquet_source(table, [str(verified.paths[name])]) if of_run else lake.select(name)
    connection.execute(f'DROP TABLE "{name}"')  # of deleted rows the bytes would stay
    _create(connection, table)
    connection.execute(f'INSERT INTO "{name}" {source}')


def _create(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    connection.execute("; ".join([create_table(table), *comments(table)]))
    if table.name in OF_CONCERNED:
        about = quoted(f"One row per {table.grain}, of clustered and linked accounts only.")
        connection.execute(f'COMMENT ON TABLE "{table.name}" IS {about}')


def _segment(change: Change, number: int) -> dict[str, object]:
    period, file = change.now[number]
    return asdict(SegmentFile(number=number, period=period, file=file.name, size_bytes=file.stat().st_size))


def _publication(lake: Lake, verified: VerifiedRun) -> dict[str, object]:
    made = Publication(
        run_id=verified.run.run_id,
        published_at=datetime.now(UTC),
        code_version=version("hydratrace"),
        positions=json.dumps(lake.positions(), sort_keys=True),
        recipe=recipe(),
    )
    return asdict(made)
