"""hydratrace bursts: five minutes in which a key saw more sign-ups than its own past explains."""

import argparse
from pathlib import Path

from pipeline.command import Command, lake_argument
from pipeline.settings import Settings


def _arguments(parser: argparse.ArgumentParser) -> None:
    lake_argument(parser)
    parser.add_argument("beam", nargs="*", metavar="-- BEAM OPTIONS", help="options of Beam's runner")


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    from pipeline.bursts.update import update
    from pipeline.exclusion import reading
    from pipeline.lake import Lake

    lake = Lake.open(Path(settings.lake))
    with reading(lake):
        days = update(lake, tuple(arguments.beam))
    print(f"{days} days drawn anew")
    return 0


COMMAND = Command("bursts", "bring signup_bursts up to date, as link does; on Flink when told so", _arguments, _run)
