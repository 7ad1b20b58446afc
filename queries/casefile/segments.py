"""Segments: every event of a day, each once, sorted by account, in one immutable DuckDB file; a small month is one."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.contract.ddl import comments, create_table, parquet_source, quoted
from pipeline.contract.tables import EVENT_TABLES
from pipeline.lake import Lake
from queries.casefile.atomic import written_whole
from queries.casefile.storage import new_database

FOLDER = "segments"
DAY = re.compile(r"/event_date=(\d{4}-\d{2}-\d{2})/")
MONTH = re.compile(r"/event_date=(\d{4}-\d{2})-\d{2}/")

# A file costs 0.1 s to write and 1 ms to attach however few its rows are, and history is full of quiet days; a month
# of this many bytes of Parquet (about 200,000 requests) is written again in 2 s.
LARGEST_MONTH = 64 * 2**20

# Raised when the rows of a segment would come out otherwise for the same files.
RECIPE = 1

FIRST_ADDRESS = "row_number() OVER (PARTITION BY event_date, event_id ORDER BY _topic_id, _partition, _offset) = 1"


@dataclass(frozen=True)
class Period:
    """A day (2026-06-14) or a month (2026-06) of the lake: the live Parquet files of each event table."""

    label: str
    files: dict[str, list[str]]

    @property
    def name(self) -> str:
        """File name of the period's segment: it names what the segment was made of, so it is never stale."""
        made_of = [str(RECIPE), *(create_table(table) for table in EVENT_TABLES)]
        made_of += [Path(file).name for table in EVENT_TABLES for file in self.files.get(table.name, [])]
        return f"{self.label}-{hashlib.sha256(chr(0).join(made_of).encode()).hexdigest()[:16]}.duckdb"

    @property
    def size(self) -> int:
        """Bytes of its Parquet files."""
        return sum(Path(file).stat().st_size for files in self.files.values() for file in files)


def folder(lake: Lake) -> Path:
    """Where the segments lie."""
    return lake.root / FOLDER


def periods(lake: Lake) -> list[Period]:
    """The periods that cover every landed event, oldest first."""
    files = [(table.name, file) for table in EVENT_TABLES for file in lake.files(table.name)]
    found: list[Period] = []
    for month in _grouped(files, MONTH):
        found += [month] if month.size <= LARGEST_MONTH else _grouped(_listed(month), DAY)
    return found


def build(lake: Lake, period: Period) -> bool:
    """Write the period's segment unless it is there; True if it was written."""
    target = folder(lake) / period.name
    if target.exists():
        return False
    target.parent.mkdir(exist_ok=True)
    with written_whole(target) as unfinished, new_database(unfinished) as connection:
        for table in EVENT_TABLES:
            connection.execute(create_table(table))
            if table.name in period.files:
                source = parquet_source(table, period.files[table.name])
                connection.execute(
                    f'INSERT INTO "{table.name}" FROM ({source}) QUALIFY {FIRST_ADDRESS} '
                    "ORDER BY account_id, event_time, event_id"
                )
            connection.execute("; ".join(comments(table)))
    return True


def _grouped(files: Iterable[tuple[str, str]], label: re.Pattern[str]) -> list[Period]:
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for table, file in files:
        partition = label.search(file)
        assert partition is not None, file
        found[partition[1]][table].append(file)
    return [Period(name, dict(by_table)) for name, by_table in sorted(found.items())]


def _listed(period: Period) -> list[tuple[str, str]]:
    return [(table, file) for table, files in period.files.items() for file in files]


def attach(connection: duckdb.DuckDBPyConnection, files: list[Path]) -> None:
    """Attach segments read-only, and make the temporary views all_signup, all_usage, … over them."""
    for number, file in enumerate(files):
        connection.execute(f"ATTACH {quoted(str(file))} AS segment_{number} (READ_ONLY)")
    for table in EVENT_TABLES:
        parts = [f"FROM segment_{number}.main.{table.name}" for number in range(len(files))]
        union = " UNION ALL ".join(parts) if parts else parquet_source(table, [])
        connection.execute(f"CREATE TEMP VIEW all_{table.name} AS {union}")


def drop_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the temporary views that `attach` made."""
    for table in EVENT_TABLES:
        connection.execute(f"DROP VIEW temp.all_{table.name}")
