"""`hydratrace query`: run a named query, or list them all."""

import argparse
from pathlib import Path

from pipeline.command import Command
from pipeline.errors import UsageError
from pipeline.lake import Lake
from pipeline.settings import Settings
from queries.commands import running


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="the query; without it, all are listed")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="a parameter; repeatable")
    running.arguments(parser)


def _run(parsed: argparse.Namespace, settings: Settings) -> int:
    from queries.catalogue import named_query
    from queries.parameters import bind, pairs
    from queries.subjects import open_for

    if parsed.name is None:
        if parsed.param:
            raise UsageError("--param without a query", expected="a query's name first")
        return _list(parsed)
    query = named_query(parsed.name)
    values = bind(query.name, query.parameters, pairs(parsed.param))
    opened = open_for(Lake.open(Path(settings.lake)), query, values, running.limits_of(parsed))
    return running.run_statement(parsed, opened.connection, opened.sql, values)


def _list(parsed: argparse.Namespace) -> int:
    from queries.catalogue import listing
    from queries.formats.destination import write

    write(listing().to_reader(), parsed.format, parsed.output)
    return 0


COMMAND = Command("query", "run a named query; without a name, list them", _arguments, _run)
