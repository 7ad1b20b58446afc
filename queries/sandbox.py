"""A connection for untrusted SQL: it sees the case file and its segments, and nothing else."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.contract.ddl import quoted
from pipeline.contract.tables import EVENT_TABLES
from pipeline.errors import LakeError
from queries.casefile import segments
from queries.casefile.publish import NAME
from queries.casefile.storage import refuse_log
from queries.casefile.views import shadow_views

# In this order: each line closes what the ones before it left open, the last locks them all. DuckDB 2.0 classes
# COPY in a CTE as SELECT and lets the opened file and its log be written to: only the file system's own switch holds.
CLOSING = (
    "SET enable_external_access = false",
    "SET disabled_filesystems = 'LocalFileSystem'",
    "SET lock_configuration = true",
)


@dataclass(frozen=True)
class Limits:
    """What one query may take."""

    seconds: float = 60.0
    memory_mib: int = 2048
    threads: int = 2


def open_case(lake: Path, limits: Limits, accounts: Collection[str] | None = None) -> duckdb.DuckDBPyConnection:
    """A closed-off connection to LAKE/case.duckdb, with all_signup, all_usage, … over every event.

    With `accounts`, the segments that hold them are attached for `narrowed` statements, and there are no such views
    but those over the events that the case file itself has.
    Raises LakeError if nothing was published, or a file is torn, missing or tampered with.
    """
    path = (lake / NAME).absolute()
    if not path.exists():
        raise LakeError(f"no case file at {path}", remedy=f"run: hydratrace publish --lake {lake}")
    refuse_log(path)
    connection = duckdb.connect(":memory:", config=_configuration(limits))
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH {quoted(str(path))} AS casefile (READ_ONLY)")
        connection.execute("USE casefile")
        parts = parts_of(connection, accounts)
        numbers = set().union(*parts.values())
        segments.attach(connection, _segments(connection, path.parent / segments.FOLDER, numbers))
        if accounts is None:
            shadow_views(connection, parts)
        for line in CLOSING:
            connection.execute(line)
    except duckdb.Error as error:
        connection.close()
        raise LakeError(
            f"cannot open {path}: {' '.join(str(error).split())}", remedy="publish again: hydratrace publish"
        ) from None
    except LakeError:
        connection.close()
        raise
    return connection


def _configuration(limits: Limits) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "threads": limits.threads,
        "memory_limit": f"{limits.memory_mib}MiB",
        "temp_directory": "",  # what needs more memory is told so, not that it may not write to a file
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
    }


def parts_of(connection: duckdb.DuckDBPyConnection, accounts: Collection[str] | None) -> dict[str, list[int]]:
    """Event table → numbers of the segments that have rows of it, of `accounts` if given."""
    if accounts is not None and not accounts:
        return {table.name: [] for table in EVENT_TABLES}
    if accounts is None:
        every = [number for (number,) in connection.execute("SELECT number FROM segments ORDER BY period").fetchall()]
        return {table.name: every for table in EVENT_TABLES}
    held = "SELECT DISTINCT unnest(parts) FROM account_segments WHERE account_id IN $accounts ORDER BY ALL"
    found = [part for (part,) in connection.execute(held, {"accounts": list(accounts)}).fetchall()]
    return {
        table.name: sorted({part // 16 for part in found if part % 16 & 1 << place})
        for place, table in enumerate(EVENT_TABLES)
    }


def _segments(connection: duckdb.DuckDBPyConnection, folder: Path, numbers: Collection[int]) -> dict[int, Path]:
    """Segments that the case file lists, those of `numbers`, each of the size it had when it was written."""
    files: dict[int, Path] = {}
    rows = connection.execute("SELECT number, file, size_bytes FROM segments ORDER BY period").fetchall()
    for number, name, size in rows:
        if number not in numbers:
            continue
        file = folder / Path(name).name
        refuse_log(file)
        if not file.exists() or file.stat().st_size != size:
            raise LakeError(
                f"segment {file} is missing or torn",
                expected=f"{size} bytes, as the case file lists it",
                remedy="remove it and publish again: hydratrace publish",
            )
        files[number] = file
    return files
