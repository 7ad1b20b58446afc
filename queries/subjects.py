"""Opens the case file for a named query, and tells a cluster or account that nobody knows from one without rows."""

from collections.abc import Mapping
from typing import NamedTuple

import duckdb

from pipeline.errors import UsageError
from pipeline.lake import Lake
from queries.casefile.contents import REJECTED_SQL
from queries.casefile.publish import NAME
from queries.casefile.tables import REJECTED_COUNTS
from queries.casefile.views import narrowed
from queries.parameters import Value
from queries.sandbox import Limits, open_case, parts_of
from queries.statement import Statement


class Opened(NamedTuple):
    """A connection, and the SQL of the query as it is to be run on it."""

    connection: duckdb.DuckDBPyConnection
    sql: str


# Parameters that name one, and the table that has them all. Clusters that are no more still show in the tables after.
CLUSTER, ACCOUNTS = "cluster", ("account", "a", "b")
FORMER_SQL = """
    SELECT 1 FROM (
        SELECT cluster_uid FROM cluster_lineage UNION ALL SELECT other_uid FROM cluster_lineage
        UNION ALL SELECT cluster_uid FROM matches UNION ALL SELECT cluster_uid FROM decisions
        UNION ALL SELECT cluster_uid FROM alerts
    ) WHERE cluster_uid = $wanted LIMIT 1
"""
NEAR_SQL = "SELECT {0} FROM {1} ORDER BY jaro_winkler_similarity({0}, $wanted) DESC, {0} LIMIT 3"


def open_for(lake: Lake, query: Statement, values: Mapping[str, Value], limits: Limits) -> Opened:
    """What `query` reads.

    Raises UsageError for a cluster or account that is not there, LakeError if nothing was published.
    """
    if query.name == "rejected_summary" and not (lake.root / NAME).exists():
        return Opened(_rejected(lake), query.sql)
    connection = open_case(lake.root, limits, _reach(query, values))
    try:
        for parameter in query.parameters:
            wanted = values[parameter.name]
            if parameter.name == CLUSTER and wanted is not None:
                _know_cluster(connection, str(wanted), is_filter=parameter.default is not None)
            elif parameter.name in ACCOUNTS and not _has(connection, "accounts", "account_id", str(wanted)):
                near = _near(connection, "accounts", "account_id", str(wanted))
                raise UsageError(f"no account {wanted!r} has landed", expected=near)
        return Opened(connection, sql_for(connection, query, values))
    except UsageError:
        connection.close()
        raise


def sql_for(connection: duckdb.DuckDBPyConnection, query: Statement, values: Mapping[str, Value]) -> str:
    """SQL of `query` that reads no segment without the accounts in question."""
    return narrowed(query.sql, parts_of(connection, _reach(query, values))) if query.reach else query.sql


def _reach(query: Statement, values: Mapping[str, Value]) -> list[str]:
    return [str(values[name]) for name in query.reach]


def _know_cluster(connection: duckdb.DuckDBPyConnection, wanted: str, *, is_filter: bool) -> None:
    if _has(connection, "clusters", "cluster_uid", wanted):
        return
    former = bool(connection.execute(FORMER_SQL, {"wanted": wanted}).fetchall())
    if former and is_filter:
        return
    lineage = f"`hydratrace query lineage --param cluster={wanted}` tells what became of it"
    raise UsageError(
        f"no cluster {wanted!r} in the current run" + (", but there was one" if former else ""),
        expected=_near(connection, "clusters", "cluster_uid", wanted),
        remedy=lineage if former else "`hydratrace query clusters_ranked` lists them",
    )


def _has(connection: duckdb.DuckDBPyConnection, table: str, column: str, wanted: str) -> bool:
    return bool(connection.execute(f"FROM {table} WHERE {column} = $wanted LIMIT 1", {"wanted": wanted}).fetchall())


def _near(connection: duckdb.DuckDBPyConnection, table: str, column: str, wanted: str) -> str:
    near = connection.execute(NEAR_SQL.format(column, table), {"wanted": wanted}).fetchall()
    return f"one such as {', '.join(value for (value,) in near)}" if near else ""


def _rejected(lake: Lake) -> duckdb.DuckDBPyConnection:
    """What was rejected can be told before anything is linked: that is when producers need it."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    names = ", ".join(column.name for column in REJECTED_COUNTS.columns)
    rejected = REJECTED_SQL.format(rejected=lake.select("rejected"))
    connection.execute(f"CREATE TABLE {REJECTED_COUNTS.name} AS SELECT * FROM ({rejected}) AS counted({names})")
    return connection
