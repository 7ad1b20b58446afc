"""hydratrace evaluate: how good links are, on simulated providers that nobody has looked at."""

import argparse
import shlex
import sys
from pathlib import Path

from pipeline.command import Command
from pipeline.commands.simulate import ACCOUNTS_PER_OPERATOR
from pipeline.errors import UsageError
from pipeline.settings import Settings


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seeds", type=_seeds, default="219,220", metavar="S,…", help="worlds; default: 219,220")
    parser.add_argument("--accounts", type=int, default=1500, metavar="N", help="of each world; default: 1500")
    parser.add_argument("--operators", type=int, default=12, metavar="K", help="of each world; default: 12")
    parser.add_argument("--days", type=int, default=10, metavar="D", help="of requests; default: 10")
    parser.add_argument("--out", type=Path, metavar="FILE", help="also write the figures to FILE, as JSON")


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    del settings
    world = arguments.accounts, arguments.operators, arguments.days
    if min(world) < 1 or arguments.accounts < ACCOUNTS_PER_OPERATOR * arguments.operators:
        raise UsageError(
            "no such world", expected=f"whole numbers from 1, and {ACCOUNTS_PER_OPERATOR} accounts for each operator"
        )
    if arguments.out and not arguments.out.parent.is_dir():
        raise UsageError(f"no folder {arguments.out.parent}", expected="a file in a folder that is there")
    from queries.evaluation.evaluate import evaluate, held_out, plans
    from queries.evaluation.measured import measurement, write_measured
    from queries.evaluation.report import tables_of, write_tables

    worlds = plans(arguments.seeds, *world)
    figures = evaluate(worlds, lambda line: print(line, file=sys.stderr, flush=True))
    found = measurement(worlds, held_out(worlds), _typed(arguments), tables_of(figures))
    write_tables(found, sys.stdout.buffer)
    if arguments.out:
        write_measured(arguments.out, found)
    return 0


def _typed(arguments: argparse.Namespace) -> str:
    seeds = ",".join(map(str, arguments.seeds))
    flags = ["--seeds", seeds, "--accounts", arguments.accounts, "--operators", arguments.operators]
    return shlex.join(map(str, ["hydratrace", "evaluate", *flags, "--days", arguments.days]))


def _seeds(text: str) -> list[int]:
    seeds = text.split(",")
    if not all(seed.isdecimal() for seed in seeds) or len(set(seeds)) < len(seeds):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of different whole numbers such as 219,220")
    return [int(seed) for seed in seeds]


COMMAND = Command(
    "evaluate",
    "measure on simulated providers how well operators are found and honest accounts are not",
    _arguments,
    _run,
)
