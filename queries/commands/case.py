"""`hydratrace case`: write one operator's case into a folder that can be handed over."""

import argparse
import getpass
from pathlib import Path

from pipeline.command import Command, lake_argument
from pipeline.lake import Lake
from pipeline.settings import Settings
from queries.terminal import plain


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cluster", metavar="CLUSTER", help="the cluster_uid")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="new folder to write")
    parser.add_argument("--by", metavar="NAME", help="who makes the case (default: your user name)")
    lake_argument(parser)


def _run(parsed: argparse.Namespace, settings: Settings) -> int:
    from queries.report.case import write_case

    made = write_case(Lake.open(Path(settings.lake)), parsed.cluster, parsed.out, parsed.by or getpass.getuser())
    print(f"{plain(str(parsed.out / 'report.html'))}: {plain(made.cluster_uid)}, run {plain(made.run_id)}")
    print(f"seal {made.log[-1].digest}: note it elsewhere; who rewrites the whole folder cannot keep it")
    return 0


COMMAND = Command("case", "write one operator's report, evidence and manifest into a folder", _arguments, _run)
