"""`hydratrace decide`: append an investigator's word on a cluster."""

import argparse
import getpass
from pathlib import Path

from pipeline.command import Command, lake_argument
from pipeline.lake import Lake
from pipeline.settings import Settings
from queries.terminal import plain

DISPOSITIONS = ("true_positive", "false_positive", "suspicious", "benign", "insufficient_data", "duplicate")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cluster", metavar="CLUSTER", help="the cluster_uid")
    parser.add_argument("--disposition", choices=DISPOSITIONS, required=True, help="OCSF verdict word")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why; kept with the decision")
    parser.add_argument("--by", metavar="NAME", help="who decides (default: your user name)")
    lake_argument(parser)


def _run(parsed: argparse.Namespace, settings: Settings) -> int:
    from queries.decisions import Disposition, decide

    lake = Lake.open(Path(settings.lake))
    made = decide(lake, parsed.cluster, Disposition(parsed.disposition), parsed.reason, parsed.by or getpass.getuser())
    print(f"{plain(made.cluster_uid)}: {made.disposition}, decided by {plain(made.decided_by)}; shown after publish")
    return 0


COMMAND = Command("decide", "append an investigator's word on a cluster", _arguments, _run)
