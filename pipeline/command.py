"""What a command of the console script is: every floor lists its own, the top floor mounts them all."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.settings import Settings


@dataclass(frozen=True)
class Command:
    """One `hydratrace NAME`.

    `arguments` adds its flags; a flag whose name is a setting's overrides that setting.
    `run` returns the exit status and raises HydratraceError for what the user can mend.
    """

    name: str
    summary: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Settings], int]


def lake_argument(parser: argparse.ArgumentParser) -> None:
    """Add --lake."""
    parser.add_argument("--lake", metavar="DIR", help="folder of the lake (setting: lake)")
