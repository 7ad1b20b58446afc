"""Whether the case file that is there can be built upon: it must be the one that was written, by the same recipe."""

from pathlib import Path
from typing import TextIO

import duckdb

from pipeline.contract.ddl import quoted
from queries.casefile.contents import recipe
from queries.casefile.runs import sha256_of

# Rows that were replaced leave free blocks; a file that is mostly air is made anew, which pays for itself by then.
MOST_FREE = 0.5

FREE_SQL = "SELECT free_blocks / greatest(total_blocks, 1) FROM pragma_database_size() WHERE database_name = 'before'"


def note(path: Path, lock: TextIO) -> None:
    """Note in the lock's file which bytes were published: whatever else lies there later is not built upon."""
    lock.seek(0)
    lock.truncate()
    lock.write(sha256_of(path))


def base_of(path: Path, noted: str) -> Path | None:
    """`path` if the file can be built upon, None if it has to be made anew."""
    if not path.exists() or sha256_of(path) != noted:
        return None
    try:
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"ATTACH {quoted(str(path))} AS before (READ_ONLY)")
            made = connection.execute("SELECT recipe FROM before.publication").fetchall()
            free = connection.execute(FREE_SQL).fetchall()
            files = connection.execute("SELECT file FROM before.segments").fetchall()
    except duckdb.Error:
        return None
    there = all((path.parent / "segments" / file).exists() for (file,) in files)
    return path if there and made == [(recipe(),)] and free[0][0] <= MOST_FREE else None
