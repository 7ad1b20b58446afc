"""Verifies a case folder: its files against its manifest, then every figure against the lake."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.contract.tables import Run
from pipeline.errors import LakeError
from pipeline.lake import Lake
from pipeline.privacy.tokens import Tokens
from pipeline.retentions import cuts
from queries.casefile.runs import sha256_of
from queries.keeping.erasures import erased_among
from queries.report import manifest
from queries.report.derive import EVIDENCE, evidence
from queries.report.explained import Row, State, counted, state, taken_by_age

# Columns of the evidence that name accounts.
NAMING = ("account_id", "account_l", "account_r", "from_account", "to_account", "banned", "successor")


@dataclass(frozen=True)
class Figure:
    """One table of the evidence: its rows in the case, and how many of them the lake tells otherwise, and why."""

    name: str
    rows: int
    only_in_case: int
    only_in_lake: int
    state: State

    @property
    def is_equal(self) -> bool:
        """Whether the lake gives the very same rows."""
        return self.state == "equal"


@dataclass(frozen=True)
class Verdict:
    """What verification found; `left` is how many of the case's events the lake no longer holds.

    `erasures` are the accounts of the case that were erased since, by the lake's own log, and when; `cuts` tells of
    each table that retention took rows of since the case was made how old the oldest is that stayed.
    """

    altered: list[str]
    figures: list[Figure]
    left: int
    erasures: dict[str, datetime]
    cuts: dict[str, datetime]

    @property
    def holds(self) -> bool:
        """Whether every file is as it was written and every figure comes out equal, but for what left the lake."""
        return not self.altered and all(figure.state != "differs" for figure in self.figures)


def verify_case(lake: Lake, folder: Path, seal: str | None = None, tokens: Tokens | None = None) -> Verdict:
    """Compare the case in `folder` with its manifest, its seal and the lake at the positions its run pinned.

    With `tokens` the lake's log of erasures tells which accounts of the case were erased since.
    Raises LakeError if there is no manifest, or the lake no longer has the run or its files, and no log says why.
    """
    told, altered = manifest.read(folder)
    altered += altered_files(folder, told.files)
    if seal is not None and (not told.log or told.log[-1].digest != seal):
        altered.append("the folder does not have this seal")
    tables = {name: _read(folder / "evidence" / f"{name}.parquet") for name in EVIDENCE}
    kept = {name: table.to_pylist() for name, table in tables.items() if table is not None}
    since = cuts(lake, told.made_at)
    erasures = erased_among(lake, tokens, _accounts(kept)) if tokens else {}
    run = _run(lake, told, since)
    if run is None:
        return Verdict(altered, [Figure(name, len(rows), 0, 0, "gone") for name, rows in kept.items()], 0, {}, since)
    found = evidence(lake, run, told.cluster_uid, told.made_at, folder)
    derived = {name: table.to_pylist() for name, table in found.items()}
    events = kept.get("cluster_events", [])
    taken = taken_by_age(events, derived["cluster_events"], since, erasures)
    figures = [_compared(name, kept[name], derived[name], erasures, taken) for name in kept]
    left = len(_addresses(events) - _addresses(derived["cluster_events"]))
    return Verdict(altered, figures, left, erasures, since)


def altered_files(folder: Path, listed: dict[str, str]) -> list[str]:
    """What is wrong with the files in `folder`, of which `listed` tells each one's SHA-256."""
    found = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / manifest.NAME
    }
    wrong = [f"{name} is missing" for name in listed if name not in found]
    wrong += [f"{name} is not in the manifest" for name in found if name not in listed]
    wrong += [f"{name} has other bytes" for name in found if name in listed and sha256_of(found[name]) != listed[name]]
    return wrong


def _run(lake: Lake, told: manifest.Manifest, since: Mapping[str, datetime]) -> Run | None:
    """The run that the case was drawn from; None if retention took it."""
    for run in lake.runs():
        if run.run_id == told.run_id:
            return run
    if since.get("runs", told.made_at) > _started(told):
        return None
    raise LakeError(
        f"the lake at {lake.root} has no run {told.run_id}", expected="the lake that the case was made from"
    )


def _started(told: manifest.Manifest) -> datetime:
    """When the run started, as its id says to the second; a run is older than a case made of it."""
    try:
        return datetime.strptime(told.run_id[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return told.made_at


def _read(path: Path) -> pa.Table | None:
    """The rows in `path`; None where the file is gone or no longer Parquet, which its hash has told already."""
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowException):
        return None


def _accounts(kept: Mapping[str, list[Row]]) -> set[str]:
    """Every account that a row of the case names."""
    rows = (row for table in kept.values() for row in table)
    return {row[column] for row in rows for column in NAMING if isinstance(row.get(column), str)}


def _compared(name: str, kept: list[Row], derived: list[Row], erased: Collection[str], taken: bool) -> Figure:
    case, lake = counted(kept), counted(derived)
    told = state(name, kept, derived, erased, taken)
    return Figure(name, len(kept), (case - lake).total(), (lake - case).total(), told)


def _addresses(events: Iterable[Row]) -> set[Any]:
    return {event["address"] for event in events}
