"""`hydratrace verify`: derive every figure of a case again, and say what is equal and what is not."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.command import Command, lake_argument
from pipeline.errors import LakeError
from pipeline.lake import Lake
from pipeline.settings import Settings
from queries.terminal import plain

# `gone`: nothing of the case can be derived again, since its run left.
WORDS = {"equal": "equal", "erased": "ERASED", "aged": "RETAINED", "gone": "RETAINED", "differs": "DIFFERS"}

if TYPE_CHECKING:
    from pipeline.privacy.tokens import Tokens


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", type=Path, metavar="DIR", help="folder that `hydratrace case` wrote")
    parser.add_argument("--key-file", metavar="FILE", help="key that tells which accounts were erased since")
    parser.add_argument("--seal", metavar="HEX", help="seal that `hydratrace case` told when the folder was made")
    lake_argument(parser)


def _run(parsed: argparse.Namespace, settings: Settings) -> int:
    from queries.report.verify import verify_case

    lake = Lake.open(Path(settings.lake))
    found = verify_case(lake, parsed.case, parsed.seal, _tokens(lake, settings))
    for line in found.altered:
        print(f"ALTERED  {plain(line)}")
    for figure in found.figures:
        differs = (
            ""
            if figure.state in ("equal", "gone")
            else f", {figure.only_in_case} only here, {figure.only_in_lake} only in the lake"
        )
        print(f"{WORDS[figure.state]:8} {figure.name}: {figure.rows} rows{differs}")
    if found.left:
        print(f"{found.left} events of the case are no longer in the lake")
    for table, before in found.cuts.items():
        print(f"since the case was made retention took {table} from before {before:%Y-%m-%dT%H:%M:%SZ}")
    for account, at in found.erasures.items():
        print(f"ERASED   {plain(account)} was erased from the lake at {at:%Y-%m-%dT%H:%M:%SZ}, as its log says")
    states = {figure.state for figure in found.figures}
    but = ", but for what was erased" if found.erasures else ""
    but += ", but for what left by age" if states & {"aged", "gone"} else ""
    print(f"the case holds{but}" if found.holds else "the case does not hold")
    return 0 if found.holds else 1


def _tokens(lake: Lake, settings: Settings) -> "Tokens | None":
    """What the log of erasures is read with; None where nothing was erased, or the key is not here."""
    from pipeline.privacy.tokens import Tokens
    from queries.keeping.erasures import logged
    from queries.lakekey import lake_key

    if not logged(lake):
        return None
    try:
        return Tokens(lake_key(lake, settings))
    except LakeError as error:
        print(f"erasures are logged, but whose they were cannot be told: {error}", file=sys.stderr)
        return None


COMMAND = Command("verify", "derive every figure of a case again from the lake", _arguments, _run)
