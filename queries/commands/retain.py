"""`hydratrace retain`: take out of the lake what is older than the settings allow."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from pipeline.command import Command, lake_argument
from pipeline.lake import Lake
from pipeline.settings import Settings

NO_RULES = """nothing in the settings says how long rows are kept: they stay. For instance, in hydratrace.toml:

[retention]
usage = 90
rejected = 30
runs = 30
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    lake_argument(parser)


def _run(parsed: argparse.Namespace, settings: Settings) -> int:
    del parsed
    from queries.keeping.retention import retain

    if not settings.retention:
        print(NO_RULES, end="")
        return 0
    for what, count in retain(Lake.open(Path(settings.lake)), settings.retention, datetime.now(UTC)):
        print(f"{count:,} accounts are held for open cases" if what == "held" else f"{what}: {count:,} taken out")
    return 0


COMMAND = Command("retain", "take out of the lake what is older than the settings allow", _arguments, _run)
