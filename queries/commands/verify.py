"""`hydratrace verify`: derive every figure of a case again, and say what is equal and what is not."""

import argparse
from pathlib import Path

from pipeline.command import Command, lake_argument
from pipeline.lake import Lake
from pipeline.settings import Settings
from queries.terminal import plain


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", type=Path, metavar="DIR", help="folder that `hydratrace case` wrote")
    parser.add_argument("--seal", metavar="HEX", help="seal that `hydratrace case` told when the folder was made")
    lake_argument(parser)


def _run(parsed: argparse.Namespace, settings: Settings) -> int:
    from queries.report.verify import verify_case

    found = verify_case(Lake.open(Path(settings.lake)), parsed.case, parsed.seal)
    for line in found.altered:
        print(f"ALTERED  {plain(line)}")
    for figure in found.figures:
        differs = (
            "" if figure.is_equal else f", {figure.only_in_case} only here, {figure.only_in_lake} only in the lake"
        )
        print(f"{'equal' if figure.is_equal else 'DIFFERS':8} {figure.name}: {figure.rows} rows{differs}")
    if found.erased:
        print(f"ERASED   {found.erased} events of the case are no longer in the lake")
    print("the case holds" if found.holds else "the case does not hold")
    return 0 if found.holds else 1


COMMAND = Command("verify", "derive every figure of a case again from the lake", _arguments, _run)
