"""What a Delta table's log says without deltalake, which cannot list application transactions."""

import json
import re
from pathlib import Path

import pyarrow.parquet as pq

COMMIT = re.compile(r"^(\d{20})\.json$")
CHECKPOINT = re.compile(r"^(\d{20})\.checkpoint\.parquet$")


def transaction_versions(table: Path) -> dict[str, int]:
    """Application id → its last committed version; empty if `table` is no Delta table.

    Source: Delta transaction log protocol, actions `txn` in commits and checkpoints.
    A log clean-up may remove what a listing still names: the listing is then taken again.
    """
    for _ in range(10):
        try:
            return _read(table / "_delta_log")
        except FileNotFoundError:
            continue
    return _read(table / "_delta_log")


def newest_version(table: Path) -> int:
    """Version of the newest commit; -1 if `table` is no Delta table. A listing, nothing is opened."""
    log = table / "_delta_log"
    return max((int(m[1]) for path in log.glob("*.json") if (m := COMMIT.match(path.name))), default=-1)


def _read(log: Path) -> dict[str, int]:
    if not log.is_dir():
        return {}
    names = [path.name for path in log.iterdir()]
    checkpoints = sorted(name for name in names if CHECKPOINT.match(name))
    found: dict[str, int] = {}
    since = -1
    if checkpoints:
        since = int(checkpoints[-1][:20])
        for row in pq.read_table(log / checkpoints[-1], columns=["txn"]).column("txn").to_pylist():
            if row is not None and row["appId"] is not None:
                found[row["appId"]] = row["version"]
    for name in sorted(name for name in names if COMMIT.match(name) and int(name[:20]) > since):
        for line in (log / name).read_text().splitlines():
            txn = json.loads(line).get("txn")
            if txn:
                found[txn["appId"]] = txn["version"]
    return found
