"""What a Delta table's log remembers of files that left: erased values may be the least or greatest of a column."""

import json
import os
import re
from pathlib import Path
from urllib.parse import unquote

from deltalake import DeltaTable

from pipeline.lake import Lake, live_files

COMMIT = re.compile(r"\d{20}\.json")
CHECKPOINT = re.compile(r"\d{20}\.checkpoint\.parquet")
# Not beside the log: its readers list every file below it.
DRAFT = ".history.draft"


def forget(lake: Lake, name: str) -> None:
    """Write a checkpoint, delete those before it, and take the statistics of files that left out of older commits.

    A commit says what it said before but for these statistics, which only speed readers of an old version up: whoever
    reads it meanwhile misses nothing.
    """
    if not DeltaTable.is_deltatable(str(lake.path(name))):
        return
    delta = lake.table(name)
    delta.create_checkpoint()
    delta.cleanup_metadata()
    newest, log = delta.version(), lake.path(name) / "_delta_log"
    live = {Path(file).relative_to(lake.path(name)).as_posix() for file in live_files(delta)}
    for path in sorted(log.iterdir()):
        if CHECKPOINT.fullmatch(path.name) and int(path.name[:20]) < newest:
            path.unlink(missing_ok=True)
        elif COMMIT.fullmatch(path.name) and int(path.name[:20]) <= newest:
            _rewrite(lake, path, live)


def _rewrite(lake: Lake, path: Path, live: set[str]) -> None:
    before = path.read_text(encoding="utf-8")
    after = "".join(_without_statistics(line, live) + "\n" for line in before.splitlines())
    if after != before.rstrip("\n") + "\n":
        draft = lake.root / DRAFT
        with draft.open("w", encoding="utf-8") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


def _without_statistics(line: str, live: set[str]) -> str:
    """The action on `line` without the values of a file that is not `live`; how many rows it has stays."""
    action = json.loads(line)
    add = action.get("add")
    if not add or not add.get("stats") or unquote(add["path"]) in live:
        return line
    add["stats"] = json.dumps({"numRecords": json.loads(add["stats"]).get("numRecords", 0)})
    return json.dumps(action)
