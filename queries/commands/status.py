"""hydratrace status: how far landing is, what was refused, and when accounts were last linked."""

import argparse
import sys
from pathlib import Path

from pipeline.command import Command, lake_argument
from pipeline.errors import HydratraceError
from pipeline.lake import Lake
from pipeline.settings import Settings


def _arguments(parser: argparse.ArgumentParser) -> None:
    lake_argument(parser)
    parser.add_argument("--files", metavar="DIR", help="source whose lag is shown")
    parser.add_argument("--bootstrap-servers", metavar="H:P", help="source whose lag is shown")


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    del arguments
    from queries.formats.grid import write_table
    from queries.status import sections

    lake = Lake.open(Path(settings.lake))
    print(f"lake {lake.root}, format {lake.marker.format_version}")
    print(f"lag: {_lag(lake, settings)}")
    for title, rows in sections(lake):
        print(f"\n{title}:{'' if rows.num_rows else ' none'}")
        if rows.num_rows:
            sys.stdout.flush()
            write_table(rows.to_reader(), sys.stdout.buffer, None)
    return 0


def _lag(lake: Lake, settings: Settings) -> str:
    if not (settings.files or settings.bootstrap_servers):
        return "name --files or --bootstrap-servers to see it"
    from pipeline.commands.land import make_source

    source = make_source(settings)
    try:
        positions = lake.positions()
        plan = source.plan(lambda _, application: positions.get(application), {})
        lost = sum(loss.span.end - loss.span.start for loss in plan.losses)
        unit = "bytes" if settings.files else "offsets"
        return f"{plan.lag:,} {unit}" + (f", and {lost:,} offsets are gone" if lost else "")
    except HydratraceError as error:
        return f"unknown: {error}"
    finally:
        source.close()


COMMAND = Command("status", "show positions, lag, rejected records and the last link run", _arguments, _run)
