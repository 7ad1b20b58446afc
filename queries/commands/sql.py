"""`hydratrace sql`: one SELECT over the case file, safe whoever wrote it."""

import argparse
import sys
from pathlib import Path

from pipeline.command import Command
from pipeline.lake import Lake
from pipeline.settings import Settings
from queries.commands import running


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sql",
        metavar="SELECT",
        help="one SELECT; - reads it from standard input. all_signup, all_payment, all_usage and all_action hold every "
        "event; signup, payment, usage and action those of clustered and linked accounts",
    )
    running.arguments(parser)


def _run(parsed: argparse.Namespace, settings: Settings) -> int:
    from queries.sandbox import open_case

    sql = sys.stdin.read() if parsed.sql == "-" else parsed.sql
    connection = open_case(Lake.open(Path(settings.lake)).root, running.limits_of(parsed))
    return running.run_statement(parsed, connection, sql, {})


COMMAND = Command("sql", "run one SELECT over the case file and every event, read-only", _arguments, _run)
