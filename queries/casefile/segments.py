"""Segments: every event of a day, each once, sorted by account, in one immutable DuckDB file; a small month is one."""

import hashlib
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.contract.ddl import comments, create_table, parquet_source, quoted
from pipeline.contract.tables import EVENT_TABLES, Table
from pipeline.lake import Lake
from queries.casefile.atomic import written_whole
from queries.casefile.storage import new_database
from queries.casefile.tables import TALLIES
from queries.casefile.tallies import TALLY_SQL

FOLDER = "segments"
DAY = re.compile(r"/event_date=(\d{4}-\d{2}-\d{2})/")
MONTH = re.compile(r"/event_date=(\d{4}-\d{2})-\d{2}/")

# A file costs 0.1 s to write and 1 ms to attach however few its rows are, and history is full of quiet days; a month
# of this many bytes of Parquet (about 200,000 requests) is written again in 2 s.
LARGEST_MONTH = 64 * 2**20

# Raised when the rows of a segment would come out otherwise for the same files.
RECIPE = 2

FIRST_ADDRESS = "row_number() OVER (PARTITION BY event_date, event_id ORDER BY _topic_id, _partition, _offset) = 1"


@dataclass(frozen=True)
class Period:
    """A day (2026-06-14) or a month (2026-06) of the lake: the live Parquet files of each event table."""

    label: str
    files: dict[str, list[str]]

    @property
    def name(self) -> str:
        """File name of the period's segment: it names what the segment was made of, so it is never stale."""
        made_of = [str(RECIPE), *(create_table(table) for table in (*EVENT_TABLES, TALLIES)), TALLY_SQL]
        made_of += [Path(file).name for table in EVENT_TABLES for file in self.files.get(table.name, [])]
        return f"{self.label}-{hashlib.sha256(chr(0).join(made_of).encode()).hexdigest()[:16]}.duckdb"

    @property
    def size(self) -> int:
        """Bytes of its Parquet files."""
        return sum(Path(file).stat().st_size for files in self.files.values() for file in files)


@dataclass(frozen=True)
class Change:
    """Segments by number, each its period and file: those of now, and those gone since the case file before.

    `come` are the numbers of those that the case file before did not have.
    """

    now: dict[int, tuple[str, Path]]
    gone: dict[int, tuple[str, Path]]
    come: set[int]

    def paths(self, numbers: Iterable[int]) -> dict[int, Path]:
        """Number → file."""
        return {number: (self.now | self.gone)[number][1] for number in numbers}


def change(lake: Lake, wanted: Iterable[Period], before: Iterable[tuple[int, str, str]]) -> Change:
    """What is to be done to a case file of the segments `before` (number, period, file name) to have those wanted."""
    place, known = folder(lake), {file: (number, period) for number, period, file in before}
    unused = itertools.count(max((number for number, _ in known.values()), default=-1) + 1)
    now = {known[p.name][0] if p.name in known else next(unused): (p.label, place / p.name) for p in wanted}
    old = {number: (period, place / file) for file, (number, period) in known.items()}
    return Change(now, {number: old[number] for number in old.keys() - now.keys()}, now.keys() - old.keys())


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
            connection.execute(f'CREATE TEMP VIEW "all_{table.name}" AS FROM made."{table.name}"')
        connection.execute(f"{create_table(TALLIES)}; INSERT INTO {TALLIES.name} {TALLY_SQL}")
        connection.execute("; ".join(comments(TALLIES)))
    return True


def days_of(files: Iterable[str]) -> dict[str, list[str]]:
    """Day → Parquet files, of a table that is partitioned by day."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in files:
        found[_label(DAY, file)].append(file)
    return found


def _label(pattern: re.Pattern[str], file: str) -> str:
    partition = pattern.search(file)
    assert partition is not None, file
    return partition[1]


def _grouped(files: Iterable[tuple[str, str]], label: re.Pattern[str]) -> list[Period]:
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for table, file in files:
        found[_label(label, file)][table].append(file)
    return [Period(name, dict(by_table)) for name, by_table in sorted(found.items())]


def _listed(period: Period) -> list[tuple[str, str]]:
    return [(table, file) for table, files in period.files.items() for file in files]


def attach(connection: duckdb.DuckDBPyConnection, files: Mapping[int, Path]) -> None:
    """Attach segments read-only, number n as segment_n."""
    for number, file in files.items():
        connection.execute(f"ATTACH {quoted(str(file))} AS segment_{number} (READ_ONLY)")


def union(table: Table, numbers: Iterable[int], columns: Iterable[str] = ()) -> str:
    """SELECT over `table` of attached segments: of `columns` if given, since each takes time to plan."""
    listed = ", ".join(columns) or "*"
    parts = [f"SELECT {listed} FROM segment_{number}.main.{table.name}" for number in numbers]
    return " UNION ALL ".join(parts) or f"SELECT {listed} FROM ({parquet_source(table, [])})"
