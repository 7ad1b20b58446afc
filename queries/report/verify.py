"""Verifies a case folder: its files against its manifest, then every figure against the lake."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.contract.tables import Run
from pipeline.errors import LakeError
from pipeline.lake import Lake
from queries.casefile.runs import sha256_of
from queries.formats.document import json_line
from queries.report import manifest
from queries.report.derive import EVIDENCE, evidence


@dataclass(frozen=True)
class Figure:
    """One table of the evidence: its rows in the case, and how many of them the lake tells otherwise."""

    name: str
    rows: int
    only_in_case: int
    only_in_lake: int

    @property
    def is_equal(self) -> bool:
        """Whether the lake gives the very same rows."""
        return self.only_in_case == 0 and self.only_in_lake == 0


@dataclass(frozen=True)
class Verdict:
    """What verification found; `erased` is how many of the case's events the lake no longer holds."""

    altered: list[str]
    figures: list[Figure]
    erased: int

    @property
    def holds(self) -> bool:
        """Whether every file is as it was written and every figure comes out equal."""
        return not self.altered and all(figure.is_equal for figure in self.figures)


def verify_case(lake: Lake, folder: Path, seal: str | None = None) -> Verdict:
    """Compare the case in `folder` with its manifest, its seal and the lake at the positions its run pinned.

    Raises LakeError if there is no manifest, or the lake no longer has the run or its files.
    """
    told, altered = manifest.read(folder)
    altered += altered_files(folder, told.files)
    if seal is not None and (not told.log or told.log[-1].digest != seal):
        altered.append("the folder does not have this seal")
    derived = evidence(lake, _run(lake, told), told.cluster_uid, told.made_at)
    figures, erased = [], 0
    for name in EVIDENCE:
        kept = _read(folder / "evidence" / f"{name}.parquet")
        if kept is None:
            continue
        figures.append(_compared(name, kept, derived[name]))
        if name == "cluster_events":
            erased = len(_addresses(kept) - _addresses(derived[name]))
    return Verdict(altered, figures, erased)


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


def _run(lake: Lake, told: manifest.Manifest) -> Run:
    for run in lake.runs():
        if run.run_id == told.run_id:
            return run
    raise LakeError(
        f"the lake at {lake.root} has no run {told.run_id}", expected="the lake that the case was made from"
    )


def _read(path: Path) -> pa.Table | None:
    """The rows in `path`; None where the file is gone or no longer Parquet, which its hash has told already."""
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowException):
        return None


def _compared(name: str, kept: pa.Table, derived: pa.Table) -> Figure:
    case, lake = (Counter(json_line(row) for row in table.to_pylist()) for table in (kept, derived))
    return Figure(name, kept.num_rows, (case - lake).total(), (lake - case).total())


def _addresses(events: pa.Table) -> set[Any]:
    return set(events.column("address").to_pylist()) if "address" in events.column_names else set()
