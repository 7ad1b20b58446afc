"""What a run reads: events up to pinned positions, each event_id once, as the DuckDB view `events`."""

from collections.abc import Container, Mapping
from datetime import date, datetime

import duckdb

from pipeline.contract.ddl import parquet_source
from pipeline.contract.tables import ADDRESS, EVENT_TABLES, Table
from pipeline.lake import Lake, Span

ADDRESS_ORDER = "_topic_id, _partition, _offset"
PLACES = frozenset({*(column.name for column in ADDRESS), "event_date", "event_id", "event_time", "account_id"})
NOT_CONTENT = PLACES - {"event_time", "account_id"} | {"_landed_at"}

Pins = dict[str, tuple[int, int]]


def pin(con: duckdb.DuckDBPyConnection, positions: Mapping[str, int], since: Mapping[str, int] | None = None) -> None:
    """Make the table `pinned` (app_id, start_offset, end_offset): per application id, where reading starts and ends."""
    con.execute("CREATE OR REPLACE TEMP TABLE pinned (app_id VARCHAR, start_offset BIGINT, end_offset BIGINT)")
    if positions:
        starts = [(since or {}).get(app, 0) for app in positions]
        con.execute(
            "INSERT INTO pinned SELECT unnest($apps), unnest($starts), unnest($ends)",
            {"apps": list(positions), "starts": starts, "ends": list(positions.values())},
        )


def landed(
    con: duckdb.DuckDBPyConnection, lake: Lake, table: Table, columns: str = "e.*", days: list[date] | None = None
) -> str:
    """SQL for the rows of an event table within the pinned positions, of `days` if given.

    The application id of a Kafka partition is `topic id/partition`; that of a file is its path, which is its topic id.
    Files that lie outside are not read, those that lie inside are read without looking at their rows' addresses.
    """
    pins = {app: (start, end) for app, start, end in con.sql("FROM pinned").fetchall()}
    spans = lake.spans(table.name, days)
    inside = [span.path for span in spans if _within(span, pins) is True]
    across = [span.path for span in spans if _within(span, pins) is None]
    return f"""
        SELECT {columns} FROM ({parquet_source(table, inside)}) e
        UNION ALL
        SELECT {columns} FROM ({parquet_source(table, across)}) e
        LEFT JOIN pinned f ON f.app_id = e._topic_id
        LEFT JOIN pinned k ON k.app_id = e._topic_id || '/' || e._partition
        WHERE e._offset >= coalesce(f.start_offset, k.start_offset)
          AND e._offset < coalesce(f.end_offset, k.end_offset)"""


def _within(span: Span, pins: Pins) -> bool | None:
    """Whether all rows of a file are within the pins, or none (False); None if it takes a look at the rows."""
    if span.topic_id is None:
        return None
    partitions = range(span.partitions[0], span.partitions[1] + 1)
    kafka = [f"{span.topic_id}/{p}" for p in partitions] if span.topic_id not in pins else [span.topic_id]
    ends = [pins[app] for app in kafka if app in pins]
    first, last = span.offsets
    if not any(start <= last and first < end for start, end in ends):
        return False
    inside = len(ends) == len(kafka) and all(start <= first and last < end for start, end in ends)
    return True if inside else None


def load_events(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    as_of: datetime | None = None,
    days: list[date] | None = None,
    only: Container[str] | None = None,
) -> None:
    """Read the pinned events before `as_of` and of `days`, where given, once and for all, to draw keys from.

    Makes the view `events`: all event tables together, beside ids, times and addresses the columns `only`, where given;
    `src` names the table and `seq` the place in time order; of rows with one event_id in one day the lowest address
    counts. And the table `clashing`: event ids whose rows differ, in the shape of `clashes`.
    """
    _find_repeats(con, lake, as_of, days)
    _find_clashes(con)
    rows = _once(con, lake, as_of, days, only)
    # DuckDB numbers rows as they come, which is as ORDER BY left them: half the cost of a window in that order.
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE portion AS
        SELECT row_number() OVER () AS seq, *
        FROM (FROM ({rows}) ORDER BY event_time, event_id, src, {ADDRESS_ORDER})""")
    con.execute("CREATE OR REPLACE TEMP VIEW events AS FROM portion")


def view_events(con: duckdb.DuckDBPyConnection, lake: Lake, as_of: datetime | None = None) -> None:
    """Make the view `events` of all that is pinned (before `as_of`): each use reads the columns and rows it asks for.

    As `load_events` makes it, with the slots, and with a `seq` that only tells events apart.
    """
    _find_repeats(con, lake, as_of, None)
    rows = _once(con, lake, as_of, None)
    con.execute(f"""
        CREATE OR REPLACE TEMP VIEW events AS
        SELECT hash(event_id, event_date, src) AS seq, * FROM ({rows})""")
    con.execute("DROP TABLE IF EXISTS portion")


def _once(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    as_of: datetime | None,
    days: list[date] | None,
    only: Container[str] | None = None,
) -> str:
    """SQL of all event tables without repeats; beside ids, times and addresses the columns `only`, where given."""
    kept = _before(as_of)
    if con.sql("SELECT count(*) FROM repeats").fetchall()[0][0]:
        kept += (
            f" AND ({ADDRESS_ORDER}, event_id) NOT IN (SELECT ({ADDRESS_ORDER}, event_id) FROM repeats WHERE place > 1)"
        )
    parts = []
    for table in EVENT_TABLES:
        named = [c.name for c in table.columns if only is None or c.name in only or c.name in PLACES]
        columns = ", ".join(f'e."{name}"' for name in named if name != "_landed_at")
        parts.append(f"SELECT *, '{table.name}' AS src FROM ({landed(con, lake, table, columns, days)}) WHERE {kept}")
    return " UNION ALL BY NAME ".join(parts)


def _before(as_of: datetime | None) -> str:
    return f"event_time < TIMESTAMPTZ '{as_of.isoformat()}'" if as_of else "true"


def _find_repeats(con: duckdb.DuckDBPyConnection, lake: Lake, as_of: datetime | None, days: list[date] | None) -> None:
    """Make the table `repeats`: rows whose event_id comes more than once a day, `place` by address from 1."""
    suspects, rows = [], []
    for table in EVENT_TABLES:
        ids = landed(con, lake, table, "e.event_id, e.event_date, e.event_time", days)
        suspects.append(f"""
            SELECT '{table.name}' AS src, event_date, hash(event_id) AS h FROM ({ids})
            WHERE {_before(as_of)} GROUP BY ALL HAVING count(*) > 1""")
        rows.append(f"SELECT *, '{table.name}' AS src FROM ({landed(con, lake, table, days=days)})")
    con.execute(f"CREATE OR REPLACE TEMP TABLE suspects AS {' UNION ALL '.join(suspects)}")
    some = con.sql("SELECT count(*) > 0 FROM suspects").fetchall()[0][0]
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE repeats AS
        SELECT *, row_number() OVER (PARTITION BY event_id, event_date, src ORDER BY {ADDRESS_ORDER}) AS place
        FROM ({" UNION ALL BY NAME ".join(rows)}) e
        WHERE {some} AND {_before(as_of)} AND (src, event_date, hash(event_id)) IN (FROM suspects)
        QUALIFY count(*) OVER (PARTITION BY event_id, event_date, src) > 1""")


def _find_clashes(con: duckdb.DuckDBPyConnection) -> None:
    columns = [row[0] for row in con.execute("DESCRIBE repeats").fetchall()]
    content = [c for c in columns if c not in NOT_CONTENT and c not in ("src", "place")]
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
