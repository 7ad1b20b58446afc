"""Accounts and events of the case file: only segments and days that are new are read, and accounts newly concerned."""

from collections.abc import Collection, Mapping

import duckdb

from pipeline.contract.ddl import comments, create_table, parquet_source
from pipeline.contract.tables import BY_NAME, EVENT_TABLES
from queries.casefile import segments
from queries.casefile.segments import Change
from queries.casefile.tables import ACCOUNT_SEGMENTS, ACCOUNTS
from queries.casefile.tallies import SHRUNK_SQL, TALLIED_SQL, sum_accounts, sum_segments

KEY_DAYS = BY_NAME["account_key_days"]

# Accounts whose events an investigator will want beside the clusters, in any DuckDB shell.
CONCERNED_SQL = """
    SELECT account_id FROM cluster_members
    UNION SELECT account_l FROM links
    UNION SELECT account_r FROM links
"""


class Shrunk(Exception):
    """Rows have left the lake: what was made of them can only be made anew."""


def tell_concerned(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Make the temporary table `name` of the accounts whose events the file has to hold."""
    connection.execute(f"CREATE TEMP TABLE {name} AS {CONCERNED_SQL}")


def forget_events(connection: duckdb.DuckDBPyConnection, change: Change, redrawn: Collection[str]) -> None:
    """Delete the events of segments that are gone, the keys of days in `redrawn`, and what no longer concerns."""
    gone = [period for period, _ in change.gone.values()]
    for table, periods in (*((table, gone) for table in EVENT_TABLES), (KEY_DAYS, redrawn)):
        connection.execute(
            f"""DELETE FROM "{table.name}" WHERE strftime(event_date, '%Y-%m-%d') IN $periods
                OR strftime(event_date, '%Y-%m') IN $periods
                OR account_id NOT IN (FROM concerned)""",
            {"periods": list(periods)},
        )


def fill_events(
    connection: duckdb.DuckDBPyConnection, change: Change, days: Mapping[str, list[str]], redrawn: Collection[str]
) -> None:
    """Add what is new to accounts, events and keys by day; `days` has the Parquet files of account_key_days.

    Raises Shrunk if a segment that is gone had more of an account than those in its place.
    """
    segments.attach(connection, change.paths(change.come | change.gone.keys()))
    _fill_accounts(connection, change)
    connection.execute("CREATE TEMP TABLE joined AS FROM concerned EXCEPT FROM was_concerned")
    held = "SELECT DISTINCT unnest(parts) // 16 FROM account_segments SEMI JOIN joined USING (account_id)"
    older = {number for (number,) in connection.execute(held).fetchall()} - change.come
    segments.attach(connection, change.paths(older))
    for table in EVENT_TABLES:
        rows = f"""
            SELECT * FROM ({segments.union(table, change.come)}) SEMI JOIN concerned USING (account_id)
            UNION ALL SELECT * FROM ({segments.union(table, older)}) SEMI JOIN joined USING (account_id)
        """
        connection.execute(f'INSERT INTO "{table.name}" FROM ({rows}) ORDER BY account_id, event_time, event_id')
    new = [file for day, files in days.items() if day in redrawn for file in files]
    old = [file for day, files in days.items() if day not in redrawn for file in files]
    connection.execute(f"""
        INSERT INTO "{KEY_DAYS.name}"
        FROM (
            SELECT * FROM ({parquet_source(KEY_DAYS, new)}) SEMI JOIN concerned USING (account_id)
            UNION ALL SELECT * FROM ({parquet_source(KEY_DAYS, old)}) SEMI JOIN joined USING (account_id)
        )
        ORDER BY account_id, kind, key, event_date
    """)


def _fill_accounts(connection: duckdb.DuckDBPyConnection, change: Change) -> None:
    sum_segments(connection, "come", change.come)
    sum_segments(connection, "gone", change.gone)
    shrunk = connection.execute(SHRUNK_SQL).fetchone()
    if shrunk != (0,):
        raise Shrunk
    sum_accounts(connection, change.gone)
    for table, source in (
        (ACCOUNTS, TALLIED_SQL),
        (ACCOUNT_SEGMENTS, "SELECT account_id, parts FROM tallied ORDER BY account_id"),
    ):
        connection.execute(f"DROP TABLE {table.name}")
        connection.execute("; ".join([create_table(table), *comments(table)]))
        connection.execute(f"INSERT INTO {table.name} {source}")
