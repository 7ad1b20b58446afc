"""What a run reads: events up to pinned positions, each event_id once, as the DuckDB table `events`."""

from collections.abc import Mapping
from datetime import date, datetime

import duckdb

from pipeline.contract.tables import ADDRESS, EVENT_TABLES, Table
from pipeline.lake import Lake

ADDRESS_ORDER = "_topic_id, _partition, _offset"
NOT_CONTENT = frozenset({*(column.name for column in ADDRESS), "_landed_at", "event_date", "event_id"})


def pin(con: duckdb.DuckDBPyConnection, positions: Mapping[str, int], since: Mapping[str, int] | None = None) -> None:
    """Make the table `pinned` (app_id, start_offset, end_offset): per application id, where reading starts and ends."""
    con.execute("CREATE OR REPLACE TEMP TABLE pinned (app_id VARCHAR, start_offset BIGINT, end_offset BIGINT)")
    if positions:
        starts = [(since or {}).get(app, 0) for app in positions]
        con.execute(
            "INSERT INTO pinned SELECT unnest($apps), unnest($starts), unnest($ends)",
            {"apps": list(positions), "starts": starts, "ends": list(positions.values())},
        )


def landed(lake: Lake, table: Table, columns: str = "e.*", days: list[date] | None = None) -> str:
    """SQL for the rows of an event table within the pinned positions, of `days` if given.

    The application id of a Kafka partition is `topic id/partition`; that of a file is its path, which is its topic id.
    """
    return f"""
        SELECT {columns} FROM ({lake.select(table.name, days)}) e
        LEFT JOIN pinned f ON f.app_id = e._topic_id
        LEFT JOIN pinned k ON k.app_id = e._topic_id || '/' || e._partition
        WHERE e._offset >= coalesce(f.start_offset, k.start_offset)
          AND e._offset < coalesce(f.end_offset, k.end_offset)"""


def load_events(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    as_of: datetime | None = None,
    days: list[date] | None = None,
    without: tuple[str, ...] = (),
) -> None:
    """Make the tables `events` and `clashing` from what is pinned.

    `events`: all event tables together, `src` naming the table and `seq` the place in time order; of rows with one
    event_id in one day the lowest address counts. `clashing`: event ids whose rows differ, in the shape of `clashes`.
    Kept are events before `as_of` and of `days`, where given; columns named in `without` are not read.
    """
    limit, bound = ("event_time < $as_of", {"as_of": as_of}) if as_of else ("true", {})
    parts = []
    for table in EVENT_TABLES:
        columns = ", ".join(f'e."{c.name}"' for c in table.columns if c.name not in (*without, "_landed_at"))
        parts.append(f"SELECT *, '{table.name}' AS src FROM ({landed(lake, table, columns, days)}) WHERE {limit}")
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE events AS
        SELECT row_number() OVER (ORDER BY event_time, event_id, src, {ADDRESS_ORDER}) AS seq, *
        FROM ({" UNION ALL BY NAME ".join(parts)})""",
        bound,
    )
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE repeats AS
        SELECT *, row_number() OVER (PARTITION BY event_id, event_date, src ORDER BY {ADDRESS_ORDER}) AS place
        FROM events SEMI JOIN (
            SELECT event_id, event_date, src FROM events GROUP BY ALL HAVING count(*) > 1
        ) USING (event_id, event_date, src)""")
    _find_clashes(con)
    con.execute("DELETE FROM events WHERE seq IN (SELECT seq FROM repeats WHERE place > 1)")


def _find_clashes(con: duckdb.DuckDBPyConnection) -> None:
    columns = [row[0] for row in con.execute("DESCRIBE repeats").fetchall()]
    content = [c for c in columns if c not in NOT_CONTENT and c not in ("seq", "src", "place")]
    differing = ", ".join(f"CASE WHEN other.{c} IS DISTINCT FROM kept.{c} THEN '{c}' END" for c in content)
    address = ", ".join(f"other.{column.name}" for column in ADDRESS)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE clashing AS
        FROM (SELECT {address}, other.event_id, other.src AS "table", other.event_date,
               kept._topic_id AS kept_topic_id, kept._partition AS kept_partition, kept._offset AS kept_offset,
               'differs in ' || concat_ws(', ', {differing}) AS reason
        FROM repeats other JOIN repeats kept USING (event_id, event_date, src)
        WHERE other.place > 1 AND kept.place = 1)
        WHERE reason <> 'differs in ' ORDER BY ALL""")
