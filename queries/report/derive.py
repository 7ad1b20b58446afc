"""Every figure of a case, from the lake at the positions its run pinned: `case` writes it, `verify` repeats it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa

from pipeline.contract.ddl import create_table, parquet_source
from pipeline.contract.tables import EVENT_TABLES, RUN_TABLES, Decision, Run
from pipeline.lake import Lake
from queries.casefile.contents import record
from queries.casefile.runs import verified
from queries.casefile.segments import FIRST_ADDRESS
from queries.casefile.tables import ACCOUNTS, NETWORKS
from queries.casefile.tallies import ACCOUNTS_SQL
from queries.casefile.views import views
from queries.catalogue import named_query
from queries.networks import read_networks
from queries.parameters import bind

# Named queries with the parameter `cluster` that make up a case, in the order of the report.
EVIDENCE = (
    "cluster_summary",
    "cluster_members",
    "cluster_links",
    "cluster_timeline",
    "cluster_growth",
    "extraction_ledger",
    "shared_keys",
    "failovers",
    "successors",
    "attribution",
    "collateral",
    "lineage",
    "cluster_decisions",
    "cluster_events",
)

# An event counts when it lies before the end that was read of its partition (Kafka) or file.
PINNED = """
    FROM ({source}) AS e
    LEFT JOIN pinned AS f ON f.app_id = e._topic_id
    LEFT JOIN pinned AS k ON k.app_id = e._topic_id || '/' || e._partition
    WHERE e.account_id IN (SELECT account_id FROM cluster_members WHERE cluster_uid = $cluster)
      AND e._offset < coalesce(f.end_offset, k.end_offset)
      AND ($as_of IS NULL OR e.event_time < $as_of)
"""


def evidence(
    lake: Lake, run: Run, cluster_uid: str, until: datetime, listed: Path | None = None
) -> dict[str, pa.Table]:
    """Name → rows of every query in EVIDENCE, for a cluster of `run`; decisions count up to `until`.

    What networks are for is read from the folder `listed` (default: the lake's own).
    Raises LakeError if the run's files are not those that it wrote.
    """
    networks = read_networks(listed or lake.root)
    with _at_pinned_positions(lake, run, cluster_uid, until) as connection:
        connection.execute(create_table(NETWORKS))
        record(connection, NETWORKS, networks)
        return {name: _rows(connection, name, cluster_uid) for name in EVIDENCE}


def decisions_on(lake: Lake, cluster_uid: str, until: datetime) -> list[Decision]:
    """Decisions on a cluster up to `until`, oldest first."""
    with duckdb.connect(":memory:") as connection:
        rows = connection.sql(
            f"FROM ({lake.select('decisions')}) WHERE cluster_uid = $cluster AND decided_at <= $until",
            params={"cluster": cluster_uid, "until": until},
        ).to_arrow_table()
    return sorted((msgspec.convert(row, Decision) for row in rows.to_pylist()), key=lambda row: row.decided_at)


@contextmanager
def _at_pinned_positions(
    lake: Lake, run: Run, cluster_uid: str, until: datetime
) -> Iterator[duckdb.DuckDBPyConnection]:
    paths = verified(lake, run).paths
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table in RUN_TABLES:
            source = parquet_source(table, [str(paths[table.name])])
            connection.execute(f'CREATE VIEW "{table.name}" AS {source}')
        _pin(connection, run)
        for table in EVENT_TABLES:
            pinned = PINNED.format(source=lake.select(table.name))
            connection.execute(
                f"CREATE TABLE {table.name} AS SELECT e.* {pinned} QUALIFY {FIRST_ADDRESS}",
                {"cluster": cluster_uid, "as_of": run.as_of},
            )
        connection.execute(
            f"CREATE TABLE decisions AS SELECT * FROM ({lake.select('decisions')}) WHERE decided_at <= $until",
            {"until": until},
        )
        connection.execute(create_table(ACCOUNTS))
        for statement in views():
            connection.execute(statement)
        connection.execute(f"INSERT INTO accounts {ACCOUNTS_SQL}")
        yield connection


def _pin(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    positions = msgspec.json.decode(run.positions, type=dict[str, int])
    connection.execute(
        "CREATE TABLE pinned AS SELECT unnest($apps::VARCHAR[]) AS app_id, unnest($ends::BIGINT[]) AS end_offset",
        {"apps": list(positions), "ends": list(positions.values())},
    )


def _rows(connection: duckdb.DuckDBPyConnection, name: str, cluster_uid: str) -> pa.Table:
    query = named_query(name)
    values = bind(name, query.parameters, {"cluster": cluster_uid})
    return connection.sql(query.sql, params=values).to_arrow_table()
