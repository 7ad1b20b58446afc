"""Takes rows out of Delta tables: positions stay, and no predicate tells the log whose rows they were."""

from collections.abc import Callable, Iterable
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.ddl import parquet_source, quoted
from pipeline.contract.tables import BY_NAME
from pipeline.errors import LakeError
from pipeline.lake import Lake, live_files
from pipeline.landing.append import WRITER
from pipeline.landing.compaction import VACUUM_HOURS
from pipeline.landing.halfwritten import remove_half_written

# Landing may add rows to the very day, and compaction may merge its files, while it is rewritten.
ATTEMPTS = 20
# Of an IN list: a longer one costs more to parse than another commit.
MOST_LISTED = 5000

T = TypeVar("T")


def drop_by_day(con: duckdb.DuckDBPyConnection, lake: Lake, name: str, doomed: str) -> dict[date, int]:
    """Rewrite the days of an event table without the rows for which the SQL `doomed` holds; day → rows dropped.

    A day is overwritten as a whole: the log names the day alone, and a row that lands there meanwhile makes the commit
    fail, after which the day is read again.
    Raises LakeError if landing is faster again and again.
    """
    if not DeltaTable.is_deltatable(str(lake.path(name))):
        return {}
    counted = con.sql(
        f"SELECT event_date, count(*) FROM ({lake.select(name)}) WHERE {doomed} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    for day, _ in counted:
        insist(lake, name, partial(_rewrite, con, name, day, doomed))
    return dict(counted)


def drop_listed(lake: Lake, name: str, column: str, values: Iterable[str]) -> int:
    """Delete the rows whose `column` is among `values`, which the table's log will show; how many."""
    listed, dropped = sorted(set(values)), 0
    for start in range(0, len(listed), MOST_LISTED):
        some = ", ".join(map(quoted, listed[start : start + MOST_LISTED]))
        dropped += drop_where(lake, name, f"{column} IN ({some})")
    return dropped


def drop_where(lake: Lake, name: str, predicate: str) -> int:
    """Delete the rows for which `predicate` holds, which the table's log will show; how many."""
    if not DeltaTable.is_deltatable(str(lake.path(name))):
        return 0
    done = insist(lake, name, lambda delta: delta.delete(predicate))
    return int(done["num_deleted_rows"] or 0)


def insist(lake: Lake, name: str, change: Callable[[DeltaTable], T]) -> T:
    """Make a change of the table as it is now; once more whenever somebody else was faster."""
    for _ in range(ATTEMPTS):
        try:
            return change(lake.table(name))
        except CommitFailedError:
            continue
    raise LakeError(f"{lake.path(name)} changed {ATTEMPTS} times while it was rewritten", remedy="try again later")


def vacuum(lake: Lake, names: Iterable[str]) -> None:
    """Remove files that left the tables, or were begun, two days ago or more, and log entries that nothing needs."""
    for name in names:
        if DeltaTable.is_deltatable(str(lake.path(name))):
            delta = lake.table(name)
            # The folder of `runs` holds the runs' own files too, which its log does not know: they would go.
            delta.vacuum(retention_hours=VACUUM_HOURS, dry_run=False, full=name != "runs")
            remove_half_written(lake.path(name), VACUUM_HOURS * 3600)
            delta.create_checkpoint()
            delta.cleanup_metadata()


def _rewrite(con: duckdb.DuckDBPyConnection, name: str, day: date, doomed: str, delta: DeltaTable) -> None:
    spec = BY_NAME[name]
    files = [file for file in live_files(delta) if Path(file).parent.name == f"{spec.partition_by}={day}"]
    kept = con.sql(f"FROM ({parquet_source(spec, files)}) WHERE ({doomed}) IS NOT TRUE").to_arrow_table()
    rows: pa.Table = kept.cast(arrow_schema(spec))
    write_deltalake(delta, rows, mode="overwrite", predicate=f"{spec.partition_by} = '{day}'", writer_properties=WRITER)
