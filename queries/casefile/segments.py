"""Daily segments: every event of a day, each once, sorted by account, in one immutable DuckDB file."""

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from pipeline.contract.ddl import comments, create_table, parquet_source, quoted
from pipeline.contract.tables import EVENT_TABLES
from pipeline.lake import Lake
from queries.casefile.atomic import written_whole
from queries.casefile.storage import new_database

FOLDER = "segments"
PARTITION = re.compile(r"/event_date=(\d{4}-\d{2}-\d{2})/")

# Raised when the rows of a segment would come out otherwise for the same files.
RECIPE = 1

FIRST_ADDRESS = "row_number() OVER (PARTITION BY event_id ORDER BY _topic_id, _partition, _offset) = 1"


@dataclass(frozen=True)
class Day:
    """A day of the lake: the live Parquet files of each event table."""

    day: date
    files: dict[str, list[str]]

    @property
    def name(self) -> str:
        """File name of the day's segment: it names what the segment was made of, so it is never stale."""
        made_of = [str(RECIPE), *(create_table(table) for table in EVENT_TABLES)]
        made_of += [Path(file).name for table in EVENT_TABLES for file in self.files.get(table.name, [])]
        return f"{self.day}-{hashlib.sha256(chr(0).join(made_of).encode()).hexdigest()[:16]}.duckdb"


def folder(lake: Lake) -> Path:
    """Where the segments lie."""
    return lake.root / FOLDER


def days(lake: Lake) -> list[Day]:
    """Every day that has landed events, oldest first."""
    found: dict[date, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for table in EVENT_TABLES:
        for file in lake.files(table.name):
            partition = PARTITION.search(file)
            assert partition is not None, file
            found[date.fromisoformat(partition[1])][table.name].append(file)
    return [Day(day, dict(files)) for day, files in sorted(found.items())]


def build(lake: Lake, day: Day) -> bool:
    """Write the day's segment unless it is there; True if it was written."""
    target = folder(lake) / day.name
    if target.exists():
        return False
    target.parent.mkdir(exist_ok=True)
    with written_whole(target) as unfinished, new_database(unfinished) as connection:
        for table in EVENT_TABLES:
            connection.execute(create_table(table))
            if table.name in day.files:
                source = parquet_source(table, day.files[table.name])
                connection.execute(
                    f'INSERT INTO "{table.name}" FROM ({source}) QUALIFY {FIRST_ADDRESS} '
                    "ORDER BY account_id, event_time, event_id"
                )
            connection.execute("; ".join(comments(table)))
    return True


def attach(connection: duckdb.DuckDBPyConnection, files: list[Path]) -> None:
    """Attach segments read-only, and make the temporary views all_signup, all_usage, … over them."""
    for number, file in enumerate(files):
        connection.execute(f"ATTACH {quoted(str(file))} AS day_{number} (READ_ONLY)")
    for table in EVENT_TABLES:
        parts = [f"FROM day_{number}.main.{table.name}" for number in range(len(files))]
        union = " UNION ALL ".join(parts) if parts else parquet_source(table, [])
        connection.execute(f"CREATE TEMP VIEW all_{table.name} AS {union}")


def drop_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the temporary views that `attach` made."""
    for table in EVENT_TABLES:
        connection.execute(f"DROP VIEW temp.all_{table.name}")
