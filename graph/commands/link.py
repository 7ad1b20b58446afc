"""`hydratrace link`: find who is behind the accounts."""

import argparse
import sys
from datetime import datetime
from pathlib import Path

from pipeline.command import Command, lake_argument
from pipeline.errors import UsageError
from pipeline.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `link`."""
    lake_argument(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--as-of", metavar="TIME", help="only events before this instant (RFC 3339 with an offset)")
    which.add_argument("--rerun", metavar="RUN_ID", help="compute an old run again and compare it with its files")


def run(parsed: argparse.Namespace, settings: Settings) -> int:
    """Link, or re-run; 1 if a re-run differs."""
    as_of = _instant(parsed.as_of) if parsed.as_of else None
    from graph.link import link, rerun
    from pipeline.bursts.update import update
    from pipeline.exclusion import reading
    from pipeline.lake import Lake

    lake = Lake.open(Path(settings.lake))
    if parsed.rerun:
        return 1 if rerun(lake, parsed.rerun, _tell) else 0
    with reading(lake):
        if as_of is None and (days := update(lake)):
            _tell(f"sign-up bursts: {days} days drawn anew")
        print(link(lake, as_of, _tell).run_id)
    return 0


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise UsageError(f"--as-of {text!r} is no instant", expected="RFC 3339 with an offset: 2026-06-14T00:00:00Z")
    return instant


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


COMMAND = Command("link", "find who is behind the accounts, with the evidence for each link", arguments, run)
