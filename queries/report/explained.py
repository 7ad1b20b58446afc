"""What explains that a figure of a case differs from what the lake gives now: an erasure, retention, or nothing."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from queries.formats.document import json_line

Row = dict[str, Any]
# `gone`: the lake no longer has the run that could tell.
State = Literal["equal", "erased", "aged", "gone", "differs"]

# Columns that the files of the run alone give: no event that leaves the lake changes them.
STEADY = {
    "cluster_summary": (
        "cluster_uid", "revision", "verdict", "confidence", "reasons", "counter_evidence", "fragility", "accounts",
        "first_seen", "last_seen", "requests", "input_tokens", "output_tokens", "disposition",
    ),
    "cluster_members": ("account_id", "confidence", "joined_at", "is_bridge", "strongest"),
    "cluster_links": (
        "account_l", "account_r", "link_nats", "expected_by_chance", "signal", "nats", "explanation", "key", "event_l",
        "event_r",
    ),
    "cluster_growth": ("day", "joined", "members"),
    "extraction_ledger": ("day", "task", "model", "requests", "input_tokens", "output_tokens", "refusals"),
    "shared_keys": ("kind", "key", "members", "holders", "owned", "first_seen", "last_seen"),
    "lineage": ("cluster_uid", "event", "other_uid"),
    "cluster_decisions": ("decided_at", "disposition", "decided_by", "reason"),
}  # fmt: skip
# Figures that sum over accounts: without one of them they cannot be told from the lake any more.
SUMS = {"cluster_timeline", "cluster_growth", "shared_keys", "attribution"}


def state(name: str, kept: list[Row], derived: list[Row], erased: Collection[str], taken: bool) -> State:
    """How the rows of figure `name` in a case (`kept`) compare with those `derived` from the lake.

    `erased` are accounts of the case that were erased since; `taken`: retention took events of the case, and of
    those that it left every one is as it was.
    """
    if counted(kept) == counted(derived):
        return "equal"
    if erased and _left_by_erasure(name, kept, derived, erased):
        return "erased"
    if taken and _left_by_age(name, kept, derived, erased):
        return "aged"
    return "differs"


def taken_by_age(
    kept: Iterable[Row], derived: Iterable[Row], cuts: Mapping[str, datetime], erased: Collection[str]
) -> bool:
    """Whether events of the case left by retention, and by nothing else: rows of cluster_events, and cut-off times."""
    missing = counted(kept, erased) - counted(derived, erased)
    surplus = counted(derived, erased) - counted(kept, erased)
    old = counted((row for row in kept if row["event"] in cuts and row["event_time"] < cuts[row["event"]]), erased)
    return bool(missing) and not surplus and not missing - old


def counted(rows: Iterable[Row], without: Collection[str] = ()) -> Counter[bytes]:
    """Rows as text, those left out that name an account of `without`."""
    return Counter(json_line(row) for row in rows if not _names(row, without))


def _left_by_erasure(name: str, kept: list[Row], derived: list[Row], erased: Collection[str]) -> bool:
    if name in SUMS:
        return True
    if name == "cluster_summary":  # how many are banned, paying or bridges is a sum; all else is the run's own
        return _steady(name, kept, ()) == _steady(name, derived, ())
    if name == "failovers":
        # A request that failed is told with the first account that went on: without that one, with the next.
        moved = {row["from_address"] for row in kept if row["to_account"] in erased}
        derived = [row for row in derived if row["from_address"] not in moved]
    return counted(kept, erased) == counted(derived, erased)


def _left_by_age(name: str, kept: list[Row], derived: list[Row], erased: Collection[str]) -> bool:
    if name == "cluster_events" or name not in STEADY:
        return True
    return (bool(erased) and name in SUMS) or _steady(name, kept, erased) == _steady(name, derived, erased)


def _steady(name: str, rows: Iterable[Row], without: Collection[str]) -> Counter[bytes]:
    # A day of growth on which nobody joined is there for a ban, an event that may leave.
    told = (row for row in rows if name != "cluster_growth" or row["joined"])
    return counted(({column: row[column] for column in STEADY[name]} for row in told), without)


def _names(row: Row, accounts: Collection[str]) -> bool:
    return any(isinstance(cell, str) and cell in accounts for cell in row.values())
