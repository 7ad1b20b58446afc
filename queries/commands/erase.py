"""`hydratrace erase`: take an account out of the lake."""

import argparse
import getpass
import sys
from datetime import UTC, datetime
from pathlib import Path

from pipeline.command import Command, lake_argument
from pipeline.errors import LakeError, UsageError
from pipeline.lake import Lake
from pipeline.settings import Settings

DONE = """erased, from the case file too. Sums of the current run still count the account: for figures without it,
hydratrace link, then hydratrace publish"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    lake_argument(parser)
    parser.add_argument("--key-file", metavar="FILE", help="key that the lake's tokens were made with")
    parser.add_argument("--by", metavar="NAME", help="who erases (default: your user name)")
    parser.add_argument("--despite-hold", action="store_true", help="even if an open case holds the account")


def _run(parsed: argparse.Namespace, settings: Settings) -> int:
    from pipeline.privacy.tokens import Tokens
    from queries.keeping.erasure import erase, mentions, still_there
    from queries.keeping.holds import hold
    from queries.lakekey import lake_key

    lake = Lake.open(Path(settings.lake))
    tokens = Tokens(lake_key(lake, settings))
    account = _account()
    held = hold(lake, datetime.now(UTC), settings.retention.get("holds"))
    if account in held.accounts and not parsed.despite_hold:
        raise LakeError(
            f"the account is held for the open case of cluster {held.accounts[account]}",
            remedy="close the case (hydratrace decide), or say --despite-hold",
        )
    dropped = erase(lake, account, tokens, parsed.by or getpass.getuser())
    for table, rows in sorted(dropped.items()):
        print(f"{table}: {rows:,} rows erased")
    print(DONE if dropped else "nothing of this account was in the lake; the log has that somebody asked")
    if found := mentions(lake, account):
        print(f"{found} decisions name the account in their reason: those are their authors' words")
    again = still_there(lake, account, tokens)
    if again:
        print(f"{again:,} rows of the account have landed meanwhile: end its events, then erase it again")
    print(
        "Not reached: cases and alerts that were handed over, case files published elsewhere, and the topics or files"
    )
    print("that the events came from. `hydratrace verify` tells of a case that was handed over what was erased of it.")
    return 1 if again else 0


def _account() -> str:
    """The account id: never from the command line, which other users and the shell's history see."""
    if sys.stdin.isatty():
        account, again = getpass.getpass("Account id (not shown): "), getpass.getpass("Once more: ")
        if account != again:
            raise UsageError("two different account ids", expected="the same one twice")
    else:
        account = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    if not account:
        raise UsageError("no account to erase", expected="its id on standard input")
    return account


COMMAND = Command("erase", "take an account, its id read from standard input, out of the lake", _arguments, _run)
