"""The console script `hydratrace`: mounts the commands of every floor, turns errors into one line and a status."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from graph.commands import COMMANDS as GRAPH
from pipeline.command import Command
from pipeline.commands import COMMANDS as PIPELINE
from pipeline.errors import HydratraceError
from pipeline.quiet import quiet_libraries
from pipeline.settings import Settings, load
from queries.commands import COMMANDS as QUERIES
from queries.terminal import plain

COMMANDS: tuple[Command, ...] = (*PIPELINE, *GRAPH, *QUERIES)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 ran and failed, 2 wrong use."""
    quiet_libraries()
    parser = build_parser()
    parsed = parser.parse_args(arguments)
    command: Command = parsed.command
    try:
        flags = {f.name: getattr(parsed, f.name, None) for f in msgspec.structs.fields(Settings)}
        settings = load(flags, os.environ, parsed.settings)
        return command.run(parsed, settings)
    except HydratraceError as error:
        print(f"hydratrace {command.name}: {plain(str(error))}", file=sys.stderr)
        return error.exit_status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="hydratrace",
        description="Finds the operators behind fake accounts of an AI API, with the evidence for each link.",
        allow_abbrev=False,
    )
    parser.add_argument("--settings", type=Path, metavar="FILE", help="settings file (default: hydratrace.toml)")
    mounted = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = mounted.add_parser(command.name, help=command.summary, description=command.summary, allow_abbrev=False)
        command.arguments(sub)
        sub.set_defaults(command=command)
    return parser
