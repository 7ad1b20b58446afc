"""`hydratrace retain`: take out of the lake what is older than the settings allow."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.command import Command, lake_argument
from pipeline.lake import Lake
from pipeline.settings import Settings

if TYPE_CHECKING:
    from queries.keeping.leaving import Leaving

NO_RULES = "no [retention] in the settings says how long rows are kept: they stay"
EXAMPLE = """for instance, in hydratrace.toml:

[retention]
usage = 90
rejected = 30
runs = 30
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    lake_argument(parser)
    parser.add_argument("--dry-run", action="store_true", help="only show what would be taken out")


def _run(parsed: argparse.Namespace, settings: Settings) -> int:
    from queries.keeping.retention import plan, retain

    if not settings.retention:
        print(NO_RULES)
        if sys.stdout.isatty():  # in the log of a service, once a day, it would be noise
            print(EXAMPLE, end="")
    lake, now = Lake.open(Path(settings.lake)), datetime.now(UTC)
    if parsed.dry_run:
        _show(plan(lake, settings.retention, now))
        return 0
    left = dict(retain(lake, settings.retention, now))
    held = left.pop("held", 0)
    if left:  # on one line, since a service tells the last few alone
        print(", ".join(f"{what}: {count:,}" for what, count in left.items()), "taken out")
    if held:
        print(f"{held:,} accounts are held for open cases")
    return 0


def _show(going: "list[Leaving]") -> None:
    import pyarrow as pa

    from queries.formats.grid import write_table

    rows = [
        {"table": one.table, "older_than": one.before, "would_leave": one.rows, "stay_though_old": one.held}
        for one in going
    ]
    if rows:
        write_table(pa.Table.from_pylist(rows).to_reader(), sys.stdout.buffer, None)


COMMAND = Command("retain", "take out of the lake what is older than the settings allow", _arguments, _run)
