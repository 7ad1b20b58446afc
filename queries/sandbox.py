"""A connection for untrusted SQL: it sees the case file and its segments, and nothing else."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.contract.ddl import quoted
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


def open_case(lake: Path, limits: Limits) -> duckdb.DuckDBPyConnection:
    """A closed-off connection to LAKE/case.duckdb, with all_signup, all_usage, … over every event.

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
        segments.attach(connection, _segments(connection, path.parent / segments.FOLDER))
        shadow_views(connection)
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
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
    }


def _segments(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[Path]:
    """Segments that the case file lists, each of the size it had when it was written."""
    files: list[Path] = []
    rows = connection.execute("SELECT file, size_bytes FROM segments ORDER BY period").fetchall()
    for name, size in rows:
        file = folder / Path(name).name
        refuse_log(file)
        if not file.exists() or file.stat().st_size != size:
            raise LakeError(
                f"segment {file} is missing or torn",
                expected=f"{size} bytes, as the case file lists it",
                remedy="remove it and publish again: hydratrace publish",
            )
        files.append(file)
    return files
