"""Files that lie in a Delta table's folder and are not live: erased rows would be found in them."""

import os
import time
from pathlib import Path

import duckdb
from deltalake import DeltaTable

from pipeline.contract.ddl import parquet_source
from pipeline.contract.tables import BY_NAME, Table
from pipeline.lake import TABLE_PROPERTIES, Lake, live_files
from pipeline.landing.halfwritten import half_written, remove_half_written, untouched_seconds
from queries.keeping.rows import insist

# A writer touches the file it writes many times a second: one left alone for so long is a dead writer's.
STILL_SECONDS = 30.0
POLL_SECONDS = 0.2


def remove_ghosts(con: duckdb.DuckDBPyConnection, lake: Lake, name: str, doomed: str) -> int:
    """Delete a table's files that are not live and have rows for which `doomed` holds, or cannot be read; how many.

    Those are files that left the table, and files that a landing or a compaction wrote and has not committed: it was
    killed, it lost a race, or it is about to. A change of the table's properties comes between: whoever read the table
    before cannot commit after, and does its work again, from the rows that are there now.
    """
    if not DeltaTable.is_deltatable(str(lake.path(name))):
        return 0
    _remove_half_written(lake.path(name))
    found = [file for file in _not_live(lake, name) if _may_hold(con, BY_NAME[name], file, doomed)]
    if found:
        insist(lake, name, _refuse_earlier_readers)
        live = set(live_files(lake.table(name)))
        found = [file for file in found if str(file) not in live]
        for file in found:
            file.unlink(missing_ok=True)
    return len(found)


def _remove_half_written(table: Path) -> None:
    """Delete what dead writers began, once it is certain that they are dead: its rows cannot be read."""
    for path in half_written(table):
        while untouched_seconds(path) < STILL_SECONDS:
            time.sleep(POLL_SECONDS)
    remove_half_written(table, STILL_SECONDS)


def _not_live(lake: Lake, name: str) -> list[Path]:
    root = lake.path(name)
    lying = [
        Path(folder) / file
        for folder, _, files in os.walk(root)
        for file in files
        if file.endswith(".parquet") and "_delta_log" not in Path(folder).parts
    ]
    live = set(live_files(lake.table(name)))
    return sorted(file for file in lying if str(file) not in live)


def _may_hold(con: duckdb.DuckDBPyConnection, spec: Table, file: Path, doomed: str) -> bool:
    try:
        source = parquet_source(spec, [str(file)])
        return bool(con.sql(f"SELECT 1 FROM ({source}) WHERE {doomed} LIMIT 1").fetchall())
    except duckdb.Error:  # torn by a full disk or a crash of the machine
        return True


def _refuse_earlier_readers(delta: DeltaTable) -> None:
    """Commit what conflicts with every commit that is under way (Delta protocol: a change of metadata)."""
    same = {name: value for name, value in TABLE_PROPERTIES.items() if value}
    delta.alter.set_table_properties(same, raise_if_not_exists=False)
