"""`hydratrace search`: a raw value on standard input, its tokens, and who holds it."""

import argparse
import getpass
import sys
from pathlib import Path

from pipeline.command import Command
from pipeline.errors import UsageError
from pipeline.lake import Lake
from pipeline.settings import Settings
from queries.commands import running


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--key-file", metavar="FILE", help="key that the lake's tokens were made with")
    running.arguments(parser)


def _run(parsed: argparse.Namespace, settings: Settings) -> int:
    from pipeline.privacy.tokens import Tokens
    from queries.lakekey import lake_key
    from queries.sandbox import open_case
    from queries.search import holders_sql, tokens_of

    lake = Lake.open(Path(settings.lake))
    tokens = tokens_of(Tokens(lake_key(lake, settings)), _value())
    for kind, token in tokens.items():
        if token:
            print(f"{kind}: {token}", file=sys.stderr)
    connection = open_case(lake.root, running.limits_of(parsed))
    return running.run_statement(
        parsed, connection, holders_sql(), {str(kind): token for kind, token in tokens.items()}
    )


def _value() -> str:
    """The raw value: never from the command line, where other users and the shell's history would see it."""
    value = getpass.getpass("Value (not shown): ") if sys.stdin.isatty() else sys.stdin.read()
    if not value.strip():
        raise UsageError("nothing to search for", expected="one value on standard input")
    return value


COMMAND = Command("search", "find who holds a raw value, read from standard input", _arguments, _run)
