"""Files that a killed writer of a Delta table began: no log names them and no vacuum sees them."""

import os
import re
import time
from pathlib import Path

# What object_store, which writes for delta-rs, calls a file until all of it is there.
BEGUN = re.compile(r".+#\d+")


def half_written(table: Path) -> list[Path]:
    """Files below `table` that somebody writes, or wrote until it was killed."""
    return sorted(Path(folder) / name for folder, _, names in os.walk(table) for name in names if BEGUN.fullmatch(name))


def untouched_seconds(path: Path) -> float:
    """For how long nobody has written to `path`, whichever clock is ahead; endless if it is gone."""
    try:
        return abs(time.time() - path.stat().st_mtime)
    except FileNotFoundError:
        return float("inf")


def remove_half_written(table: Path, seconds: float) -> None:
    """Delete the half-written files that nobody has written to for so long.

    A writer that lives all the same cannot give its file its name any more, so that it fails before it commits.
    """
    for path in half_written(table):
        if untouched_seconds(path) >= seconds:
            path.unlink(missing_ok=True)
