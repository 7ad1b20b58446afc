"""The link run that a case file shows, its files verified."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pipeline.contract.tables import RUN_TABLES, Run
from pipeline.errors import LakeError
from pipeline.lake import Lake


class RunFile(msgspec.Struct, frozen=True):
    """What the `runs` row says of one file."""

    sha256: str
    rows: int


@dataclass(frozen=True)
class VerifiedRun:
    """A run, and the path of each of its tables, whose SHA-256 was just checked."""

    run: Run
    paths: dict[str, Path]


def current_run(lake: Lake) -> Run:
    """The newest run.

    Raises LakeError if nothing was linked yet.
    """
    runs = lake.runs()
    if not runs:
        raise LakeError(
            f"the lake at {lake.root} has no link run yet", remedy=f"run: hydratrace link --lake {lake.root}"
        )
    return runs[-1]


def verified(lake: Lake, run: Run) -> VerifiedRun:
    """`run` with its files, each as its `runs` row says.

    Raises LakeError naming every file that is missing, or whose bytes are not those that the run wrote.
    """
    listed = msgspec.json.decode(run.files, type=dict[str, RunFile])
    paths: dict[str, Path] = {}
    wrong: list[str] = []
    for table in RUN_TABLES:
        path = lake.run_file(run.run_id, table.name)
        entry = listed.get(path.name)
        if entry is None or not path.exists():
            wrong.append(f"{path.name} is missing")
        elif sha256_of(path) != entry.sha256:
            wrong.append(f"{path.name} has other bytes than the run wrote")
        paths[table.name] = path
    if wrong:
        raise LakeError(
            f"run {run.run_id} in {lake.runs_dir()} cannot be trusted: {', '.join(wrong)}",
            expected="every file as the runs table lists it",
            remedy="restore the files, or link again",
        )
    return VerifiedRun(run, paths)


def sha256_of(path: Path) -> str:
    """SHA-256 of the file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
