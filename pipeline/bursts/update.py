"""Brings `signup_bursts` up to date with the sign-ups that have landed: only days whose rows may change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
from deltalake import DeltaTable

from pipeline.bursts.past import days_before, days_concerned
from pipeline.bursts.signups import ADDRESS, Day
from pipeline.bursts.table import SCHEMA, TABLE, Plan, positions, replace_days
from pipeline.deltalog import transaction_versions
from pipeline.errors import LakeError
from pipeline.lake import Lake, live_files

# Two updates at once cost each other one try; ten in a row is something else.
ATTEMPTS = 10
REDRAWN = "redrawn"  # counts the times that days were drawn anew because rows had left them


@dataclass(frozen=True)
class Landed:
    """The sign-ups at one version of their table: day → its files, and application id → position."""

    days: dict[date, tuple[str, ...]]
    positions: dict[str, int]


def update(lake: Lake, arguments: Sequence[str] = ()) -> int:
    """Draw the days that sign-ups came to or left anew, and those that look back on them; how many days that were.

    `arguments`: options of Beam's runner; in this process unless they name one.
    Raises LakeError if the lake cannot be read or written, or other updates keep interfering.
    """
    for _ in range(ATTEMPTS):
        landed, left = _landed(lake), days_left(lake)
        since = positions(lake.table(TABLE), [*landed.positions, REDRAWN])
        until = {**landed.positions, REDRAWN: since[REDRAWN] + bool(left)}
        if since == until:
            return 0
        plan = _plan(landed, {*_changed(landed, since), *left}, since, until)
        _carry_out(lake, plan, arguments)
        if positions(lake.table(TABLE), until) == until:
            note(lake).unlink(missing_ok=True)
            return len(plan.targets)
    raise LakeError(
        f"{TABLE} at {lake.path(TABLE)} changed {ATTEMPTS} times while it was updated",
        remedy="let one update finish, then run it again",
    )


def days_left(lake: Lake) -> list[date]:
    """Days that sign-ups have left, by retention or erasure, since the last update."""
    try:
        return msgspec.json.decode(note(lake).read_bytes(), type=list[date])
    except FileNotFoundError:
        return []


def note(lake: Lake) -> Path:
    """The file that lists `days_left`; nobody updates while rows leave (exclusion.py)."""
    return lake.root / "signups-left.json"


def _landed(lake: Lake) -> Landed:
    path = lake.path("signup")
    if not DeltaTable.is_deltatable(str(path)):
        return Landed({}, {})
    table = DeltaTable(str(path))
    days: dict[date, list[str]] = {}
    for file in live_files(table):
        days.setdefault(date.fromisoformat(Path(file).parent.name.partition("=")[2]), []).append(file)
    return Landed({day: tuple(files) for day, files in days.items()}, positions(table, transaction_versions(path)))


def _changed(landed: Landed, since: dict[str, int]) -> list[date]:
    """Days with a sign-up at or beyond the positions `since`."""
    return [day for day, files in landed.days.items() if any(_has_news(file, since) for file in files)]


def _has_news(file: str, since: dict[str, int]) -> bool:
    rows = pq.read_table(file, columns=list(ADDRESS), partitioning=None)
    ends = rows.group_by(["_topic_id", "_partition"]).aggregate([("_offset", "max")]).to_pylist()
    # The application id of a file is its path, which is its topic id; that of a Kafka partition has its number too.
    return any(
        end["_offset_max"] >= since.get(end["_topic_id"], since.get(f"{end['_topic_id']}/{end['_partition']}", 0))
        for end in ends
    )


def _plan(landed: Landed, changed: Iterable[date], since: dict[str, int], until: dict[str, int]) -> Plan:
    targets = days_concerned(changed, landed.days)
    past = sorted({before for day in targets for before in days_before(day)} & landed.days.keys())
    return Plan(
        tuple(Day(day, landed.days.get(day, ())) for day in targets),
        tuple(Day(day, landed.days[day]) for day in past),
        since,
        until,
    )


def _carry_out(lake: Lake, plan: Plan, arguments: Sequence[str]) -> None:
    if plan.targets:
        from pipeline.bursts.run import run  # Beam takes seconds to import: without news it is done without

        run(lake.root, plan, arguments)
    else:
        replace_days(lake.root, plan, SCHEMA.empty_table())
