"""`hydratrace publish`: write the case file that queries, reports and any DuckDB shell read."""

import argparse
import time
from pathlib import Path

from pipeline.command import Command, lake_argument
from pipeline.lake import Lake
from pipeline.settings import Settings
from queries.terminal import plain


def _arguments(parser: argparse.ArgumentParser) -> None:
    lake_argument(parser)
    parser.add_argument("--out", type=Path, metavar="FILE", help="file to write (default: LAKE/case.duckdb)")


def _run(parsed: argparse.Namespace, settings: Settings) -> int:
    from pipeline.exclusion import reading
    from queries.casefile.publish import publish

    started, lake = time.monotonic(), Lake.open(Path(settings.lake))
    with reading(lake):
        done = publish(lake, parsed.out)
    print(
        f"published {plain(str(done.path))}: run {plain(done.run_id)}, {done.clusters} clusters, "
        f"{done.accounts} accounts; {done.segments_written} of {done.segments} segments written, "
        f"{time.monotonic() - started:.1f} s"
    )
    return 0


COMMAND = Command("publish", "write the case file of the current link run", _arguments, _run)
