"""What goes into each table of the case file."""

import json
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb
import pyarrow as pa
from msgspec.structs import asdict

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.ddl import comments, create_table, parquet_source, quoted
from pipeline.contract.tables import BY_NAME, EVENT_TABLES, RUN_TABLES, Table
from pipeline.lake import Lake
from queries.casefile import segments
from queries.casefile.runs import VerifiedRun
from queries.casefile.tables import (
    ACCOUNTS,
    CASE_TABLES,
    LAKE_TABLES,
    PUBLICATION,
    REJECTED_COUNTS,
    SEGMENTS,
    Publication,
    SegmentFile,
)

ACCOUNTS_SQL = (Path(__file__).parent / "accounts.sql").read_text(encoding="utf-8")

REJECTED_SQL = """
    SELECT _topic, reason, path, count(*), sum(size_bytes), min(_landed_at), max(_landed_at)
    FROM ({rejected}) GROUP BY ALL ORDER BY ALL
"""

KEY_DAYS = BY_NAME["account_key_days"]

# Accounts whose events an investigator will want beside the clusters, in any DuckDB shell.
CONCERNED = """
    CREATE TEMP TABLE concerned AS
    SELECT account_id FROM cluster_members
    UNION SELECT account_l FROM links
    UNION SELECT account_r FROM links
"""
OF_CONCERNED = "SEMI JOIN concerned USING (account_id) ORDER BY account_id"


def fill(
    connection: duckdb.DuckDBPyConnection, lake: Lake, verified: VerifiedRun, periods: list[segments.Period]
) -> None:
    """Make and fill every table in the connection's current database; the periods' segments must be there."""
    files = [segments.folder(lake) / period.name for period in periods]
    for table in CASE_TABLES:
        connection.execute(create_table(table))
    for table in RUN_TABLES:
        _insert(connection, table, parquet_source(table, [str(verified.paths[table.name])]))
    for table in LAKE_TABLES:
        if table is not KEY_DAYS:
            _insert(connection, table, lake.select(table.name))
    _insert(connection, REJECTED_COUNTS, REJECTED_SQL.format(rejected=lake.select("rejected")))
    segments.attach(connection, files)
    _insert(connection, ACCOUNTS, ACCOUNTS_SQL)
    connection.execute(CONCERNED)
    for table in EVENT_TABLES:
        _insert(connection, table, f"FROM all_{table.name} {OF_CONCERNED}, event_time, event_id")
    _insert(connection, KEY_DAYS, f"FROM ({lake.select(KEY_DAYS.name)}) {OF_CONCERNED}, kind, key, event_date")
    segments.drop_views(connection)
    _record(connection, SEGMENTS, [_segment(period, file) for period, file in zip(periods, files, strict=True)])
    _record(connection, PUBLICATION, [_publication(lake, verified)])
    for table in CASE_TABLES:
        connection.execute("; ".join(comments(table)))
    for table in (*EVENT_TABLES, KEY_DAYS):
        about = quoted(f"One row per {table.grain}, of clustered and linked accounts only.")
        connection.execute(f'COMMENT ON TABLE "{table.name}" IS {about}')


def _insert(connection: duckdb.DuckDBPyConnection, table: Table, source: str) -> None:
    connection.execute(f'INSERT INTO "{table.name}" {source}')


def _record(connection: duckdb.DuckDBPyConnection, table: Table, rows: list[dict[str, object]]) -> None:
    connection.register("recorded", pa.Table.from_pylist(rows, schema=arrow_schema(table)))
    _insert(connection, table, "FROM recorded")
    connection.unregister("recorded")


def _segment(period: segments.Period, file: Path) -> dict[str, object]:
    return asdict(SegmentFile(period=period.label, file=file.name, size_bytes=file.stat().st_size))


def _publication(lake: Lake, verified: VerifiedRun) -> dict[str, object]:
    made = Publication(
        run_id=verified.run.run_id,
        published_at=datetime.now(UTC),
        code_version=version("hydratrace"),
        positions=json.dumps(lake.positions(), sort_keys=True),
    )
    return asdict(made)
