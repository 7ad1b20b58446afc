"""Runs one query under limits that hold whatever the query does."""

import os
import resource
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from queries.errors import QueryError, refused
from queries.parameters import Value
from queries.sandbox import Limits

ALLOWED = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)

# DuckDB looks for an interrupt between vectors only: sorting one list of 10^8 numbers went on for 36 s after it.
GRACE_SECONDS = 5.0

# Values inside a query (one repeat(), one list) are outside DuckDB's memory limit: 8.6 GB were seen under 500 MB.
# The interpreter, DuckDB and Arrow themselves take about 300 MiB of writable data.
OVERHEAD_MIB = 1024


def rows(
    connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, Value], limits: Limits
) -> pa.RecordBatchReader:
    """Start the one SELECT or EXPLAIN in `sql`; batches are computed as they are read, inside `deadline`.

    Raises QueryError for SQL that is wrong, of another kind, or more than one statement.
    """
    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type not in ALLOWED:
            raise QueryError("refused: expected one SELECT", remedy="the case file is read-only")
        return connection.sql(sql, params=dict(values) or None).to_arrow_reader()
    except duckdb.Error as error:
        raise refused(error, limits.seconds) from None


@contextmanager
def deadline(connection: duckdb.DuckDBPyConnection, limits: Limits) -> Iterator[None]:
    """Interrupt what runs on `connection` inside the block after the limit, and say so as a QueryError."""
    timer = threading.Timer(limits.seconds, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    except duckdb.Error as error:
        raise refused(error, limits.seconds) from None
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the file that is written; what the reader raises is told from it by having no number
        raise refused(_cause(error), limits.seconds) from None
    except (OverflowError, MemoryError) as error:
        raise QueryError(f"a value that cannot be shown: {error}", remedy="cast it to VARCHAR, or take less") from None
    finally:
        timer.cancel()


@contextmanager
def caged_process(limits: Limits) -> Iterator[None]:
    """Bound this whole process: its memory, and its time once an interrupt was not heeded. For the command line."""
    most = (limits.memory_mib + OVERHEAD_MIB) * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    timer = threading.Timer(limits.seconds + GRACE_SECONDS, _leave, (limits.seconds,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _leave(seconds: float) -> None:
    sys.stderr.write(f"hydratrace: stopped after {seconds:g} s; the query did not heed the interrupt\n")
    sys.stderr.flush()
    os._exit(1)


def _cause(error: Exception) -> duckdb.Error:
    text = str(error)
    return duckdb.InterruptException(text) if "Interrupted" in text else duckdb.Error(text)
