"""The figures of `hydratrace status`, drawn from the lake alone."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from pipeline.contract.tables import TABLES, Home
from pipeline.deltalog import transaction_versions
from pipeline.lake import Lake

REJECTED = """
    SELECT _topic AS topic, reason, count(*) AS records, max(_landed_at) AS last_landed
    FROM ({}) GROUP BY ALL ORDER BY ALL"""
GAPS = """
    SELECT _topic AS topic, _partition AS partition, _offset AS start, end_offset, reason, recorded_at
    FROM ({}) ORDER BY ALL"""
CLASHES = """SELECT "table", count(*) AS events, max(event_date) AS last_day FROM ({}) GROUP BY ALL ORDER BY ALL"""
MATCHES = """
    SELECT cluster_uid, kind, count(DISTINCT event_id) AS events, count(DISTINCT account_id) AS accounts,
           max(matched_at) AS last_matched
    FROM ({}) GROUP BY ALL ORDER BY last_matched DESC, cluster_uid, kind LIMIT 10"""
RUNS = "SELECT run_id, started_at, as_of, code_version FROM ({}) ORDER BY started_at DESC, run_id LIMIT 3"

ALERTS = """
    WITH last AS (SELECT * FROM ({}) QUALIFY row_number() OVER (PARTITION BY alert_uid ORDER BY "at" DESC) = 1)
    SELECT hook, state, count(*) AS alerts, max("at") AS last_at, arg_max(detail, "at") AS last_said
    FROM last GROUP BY ALL ORDER BY ALL"""
UNFINISHED = """
    SELECT max(erased_at) AS begun_at, arg_max(erased_by, erased_at) AS erased_by, account_token
    FROM ({}) GROUP BY account_token
    HAVING max(erased_at) > coalesce(max(erased_at) FILTER (WHERE "table" = '*'), '-infinity'::TIMESTAMPTZ)
    ORDER BY ALL"""


def sections(lake: Lake) -> Iterator[tuple[str, pa.Table]]:
    """(title, rows) of each part of the status."""
    yield "positions", pa.Table.from_pylist(_positions(lake))
    yield "tables", pa.Table.from_pylist(_sizes(lake))
    connection = duckdb.connect()
    for title, table, sql in (
        ("rejected records", "rejected", REJECTED),
        ("gaps", "gaps", GAPS),
        ("clashes that link runs have seen (one event_id, two contents)", "clashes", CLASHES),
        ("events that touched known operators as they landed, the newest", "matches", MATCHES),
        ("the newest link runs", "runs", RUNS),
        ("alerts", "alerts", ALERTS),
        ("erasures that were not finished, so that they must be done again", "erasures", UNFINISHED),
    ):
        yield title, connection.sql(sql.format(lake.select(table))).to_arrow_table()


def _positions(lake: Lake) -> list[dict[str, object]]:
    return [
        {"table": table.name, "partition": application, "landed_to": end}
        for table in TABLES
        if table.home is Home.EVENTS
        for application, end in sorted(transaction_versions(lake.path(table.name)).items())
    ]


def _sizes(lake: Lake) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for table in TABLES:
        path = str(lake.path(table.name))
        if table.home is Home.RUN or not DeltaTable.is_deltatable(path):
            continue
        actions = pa.table(DeltaTable(path).get_add_actions(flatten=True))
        rows.append(
            {
                "table": table.name,
                "rows": sum(actions["num_records"].to_pylist()),
                "files": actions.num_rows,
                "megabytes": round(sum(actions["size_bytes"].to_pylist()) / 1e6, 1),
            }
        )
    return rows
