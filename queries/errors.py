"""What a query may end with besides rows."""

import duckdb

from pipeline.errors import HydratraceError


class QueryError(HydratraceError):
    """The SQL is wrong, was refused, or took more time or memory than it may."""


def refused(error: duckdb.Error, seconds: float) -> QueryError:
    """DuckDB's `error` as one line; `seconds` is the time that the query had."""
    if isinstance(error, duckdb.InterruptException):
        return QueryError(
            f"stopped after {seconds:g} s", remedy="narrow the query, or give it more time with --time-limit"
        )
    if isinstance(error, duckdb.PermissionException):
        return QueryError(
            "refused: SQL may read the lake's own tables only", remedy="see `hydratrace sql 'SHOW TABLES'`"
        )
    return QueryError(" ".join(str(error).split("\n\n")[0].split()))
