"""How our DuckDB files are written and opened."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipeline.contract.ddl import quoted
from pipeline.errors import LakeError

# The newest format that DuckDB 1.4 (long-term support) opens.
STORAGE_VERSION = "v1.4.0"


@contextmanager
def new_database(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose own database is the new file `path`; at the end it is checkpointed, without a log."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        # No log: a file that is not finished is thrown away, so nothing would ever be replayed.
        options = f"STORAGE_VERSION {quoted(STORAGE_VERSION)}, RECOVERY_MODE NO_WAL_WRITES"
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
