"""How our DuckDB files are written and opened."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipeline.contract.ddl import quoted
from pipeline.errors import LakeError

# The newest format that DuckDB 1.4 (long-term support) opens.
STORAGE_VERSION = "v1.4.0"

# Writing a day of a million requests takes 1.5 GiB; what needs more spills beside the file.
MEMORY_MIB = 2048


@contextmanager
def new_database(path: Path, base: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose own database is the new file `path`; at the end it is checkpointed, without a log.

    It begins empty, or as a copy of the file `base`.
    """
    # No log: a file that is not finished is thrown away, so nothing would ever be replayed.
    options = "RECOVERY_MODE NO_WAL_WRITES"
    if base is None:
        options += f", STORAGE_VERSION {quoted(STORAGE_VERSION)}"
    else:
        shutil.copyfile(base, path)
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{MEMORY_MIB}MiB",
        "temp_directory": str(path.with_name("spill")),
    }
    with duckdb.connect(":memory:", config=settings) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH {quoted(str(path))} AS made ({options})")
        connection.execute("USE made")
        connection.begin()
        yield connection
        connection.commit()
        connection.execute("USE memory")
        connection.execute("DETACH made")


def refuse_log(path: Path) -> None:
    """Raise LakeError if a write-ahead log lies beside `path`: opening would replay it, and we never leave one."""
    log = path.with_name(path.name + ".wal")
    if log.exists():
        raise LakeError(
            f"{log} was not written by hydratrace",
            expected="no write-ahead log beside a published file: opening would replay it into what you see",
            remedy="find out who put it there, then remove it",
        )
