"""Verifies a case folder: its files against its manifest, then every figure against the lake."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.contract.tables import Run
from pipeline.errors import LakeError
from pipeline.lake import Lake
from pipeline.privacy.tokens import Tokens
from queries.casefile.runs import sha256_of
from queries.formats.document import json_line
from queries.keeping.erasures import erased_among
from queries.report import manifest
from queries.report.derive import EVIDENCE, evidence

# Columns of the evidence that name accounts.
NAMING = ("account_id", "account_l", "account_r", "from_account", "to_account", "successor")
# Figures that sum over accounts: without one of them they cannot be told from the lake any more.
SUMS = {"cluster_summary", "cluster_timeline", "cluster_growth", "extraction_ledger", "shared_keys", "attribution"}


@dataclass(frozen=True)
class Figure:
    """One table of the evidence: its rows in the case, and how many of them the lake tells otherwise.

    `erased`: the difference is one that the erasure of an account of the case makes.
    """

    name: str
    rows: int
    only_in_case: int
    only_in_lake: int
    erased: bool = False

    @property
    def is_equal(self) -> bool:
        """Whether the lake gives the very same rows."""
        return self.only_in_case == 0 and self.only_in_lake == 0


@dataclass(frozen=True)
class Verdict:
    """What verification found; `erased` is how many of the case's events the lake no longer holds.

    `erasures` are the accounts of the case that were erased since, by the lake's own log, and when.
    """

    altered: list[str]
    figures: list[Figure]
    erased: int
    erasures: dict[str, datetime]

    @property
    def holds(self) -> bool:
        """Whether every file is as it was written and every figure comes out equal, but for what was erased."""
        return not self.altered and all(figure.is_equal or figure.erased for figure in self.figures)


def verify_case(lake: Lake, folder: Path, seal: str | None = None, tokens: Tokens | None = None) -> Verdict:
    """Compare the case in `folder` with its manifest, its seal and the lake at the positions its run pinned.

    With `tokens` the lake's log of erasures tells which accounts of the case were erased since.
    Raises LakeError if there is no manifest, or the lake no longer has the run or its files.
    """
    told, altered = manifest.read(folder)
    altered += altered_files(folder, told.files)
    if seal is not None and (not told.log or told.log[-1].digest != seal):
        altered.append("the folder does not have this seal")
    derived = evidence(lake, _run(lake, told), told.cluster_uid, told.made_at)
    figures, erased = [], 0
    erasures = erased_among(lake, tokens, _accounts(folder)) if tokens else {}
    for name in EVIDENCE:
        kept = _read(folder / "evidence" / f"{name}.parquet")
        if kept is None:
            continue
        figures.append(_compared(name, kept, derived[name], erasures))
        if name == "cluster_events":
            erased = len(_addresses(kept) - _addresses(derived[name]))
    return Verdict(altered, figures, erased, erasures)


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


def _accounts(folder: Path) -> set[str]:
    """Every account that a row of the case names."""
    tables = [_read(folder / "evidence" / f"{name}.parquet") for name in EVIDENCE]
    return {
        account
        for table in tables
        if table is not None
        for column in set(NAMING) & set(table.column_names)
        for account in table[column].to_pylist()
    }


def _compared(name: str, kept: pa.Table, derived: pa.Table, erased: Collection[str]) -> Figure:
    case, lake = (_counted(table.to_pylist(), ()) for table in (kept, derived))
    explained = bool(erased)
    if explained and name not in SUMS:  # the rows of all other accounts must still be there, and no more
        explained = _counted(kept.to_pylist(), erased) == _counted(derived.to_pylist(), erased)
    return Figure(name, kept.num_rows, (case - lake).total(), (lake - case).total(), explained)


def _counted(rows: Iterable[dict[str, Any]], without: Collection[str]) -> Counter[bytes]:
    """Rows as text, those left out that name an account of `without`."""
    kept = (row for row in rows if not any(isinstance(cell, str) and cell in without for cell in row.values()))
    return Counter(json_line(row) for row in kept)


def _addresses(events: pa.Table) -> set[Any]:
    return set(events.column("address").to_pylist()) if "address" in events.column_names else set()
