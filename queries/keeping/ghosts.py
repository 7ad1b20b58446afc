"""Files that left a Delta table but still lie in its folder: time travel would find erased rows in them."""

import json
import re
import time
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pyarrow.parquet as pq
from deltalake import DeltaTable

from pipeline.contract.ddl import parquet_source
from pipeline.contract.tables import BY_NAME
from pipeline.lake import Lake, live_files

COMMIT = re.compile(r"\d{20}\.json")
CHECKPOINT = re.compile(r"\d{20}\.checkpoint\.parquet")
# A file that no log names may be one that landing is about to commit: that takes seconds, a full disk's retries more.
IN_FLIGHT_SECONDS = 3600.0


def remove_ghosts(con: duckdb.DuckDBPyConnection, lake: Lake, name: str, doomed: str) -> int:
    """Delete the dead files of a table that have rows for which `doomed` holds; how many.

    Dead is what the log says has left the table, and what is not live and older than anything unfinished: neither can
    come alive again, since nobody restores these tables.
    """
    removed = 0
    for file in _dead(lake, name):
        source = parquet_source(BY_NAME[name], [str(file)])
        if con.sql(f"SELECT 1 FROM ({source}) WHERE {doomed} LIMIT 1").fetchall():
            file.unlink(missing_ok=True)
            removed += 1
    return removed


def _dead(lake: Lake, name: str) -> list[Path]:
    root = lake.path(name)
    if not DeltaTable.is_deltatable(str(root)):
        return []
    left = _tombstones(root)
    live = set(live_files(lake.table(name)))  # read last: what the log said before cannot have come back
    old = time.time() - IN_FLIGHT_SECONDS
    return [
        file
        for file in sorted(root.rglob("*.parquet"))
        if "_delta_log" not in file.parts
        and str(file) not in live
        and (file.relative_to(root).as_posix() in left or file.stat().st_mtime < old)
    ]


def _tombstones(root: Path) -> set[str]:
    """Paths that the log's commits and newest checkpoint say were removed (Delta protocol, action `remove`)."""
    found: set[str] = set()
    for path in (root / "_delta_log").iterdir():
        if COMMIT.fullmatch(path.name):
            actions = [json.loads(line).get("remove") for line in path.read_text().splitlines()]
        elif CHECKPOINT.fullmatch(path.name):
            actions = pq.read_table(path, columns=["remove"])["remove"].to_pylist()
        else:
            continue
        found.update(unquote(action["path"]) for action in actions if action and action["path"])
    return found
