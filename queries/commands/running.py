"""What `sql` and `query` share: their flags, and how one statement is run and shown."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.command import lake_argument
from pipeline.errors import UsageError
from queries.parameters import Value

if TYPE_CHECKING:
    import duckdb

    from queries.sandbox import Limits

FORMATS = ("table", "csv", "json", "parquet")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add --lake, --format, --output and the limits."""
    lake_argument(parser)
    parser.add_argument("--format", choices=FORMATS, default="table", help="default: table")
    parser.add_argument("--output", "-o", type=Path, metavar="FILE", help="write to FILE instead of standard output")
    parser.add_argument("--time-limit", type=float, default=60.0, metavar="SECONDS", help="default: 60")
    parser.add_argument("--memory-limit", type=int, default=2048, metavar="MIB", help="default: 2048")


def limits_of(parsed: argparse.Namespace) -> "Limits":
    """The limits that the flags give.

    Raises UsageError for impossible ones.
    """
    from queries.sandbox import Limits

    if not 0 < parsed.time_limit <= 86_400 or parsed.memory_limit < 64:
        raise UsageError("wrong limits", expected="--time-limit up to 86400 and --memory-limit of 64 or more")
    return Limits(seconds=parsed.time_limit, memory_mib=parsed.memory_limit)


def run_statement(
    parsed: argparse.Namespace, connection: "duckdb.DuckDBPyConnection", sql: str, values: Mapping[str, Value]
) -> int:
    """Run `sql` under the limits and write its rows as the flags say; closes the connection."""
    from queries.formats.destination import write
    from queries.limited import caged_process, deadline, rows

    limits = limits_of(parsed)
    with connection, caged_process(limits), deadline(connection, limits):
        write(rows(connection, sql, values, limits), parsed.format, parsed.output)
    return 0
