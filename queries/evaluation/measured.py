"""The figures of the last evaluation, kept with the code: documents and case reports state error rates from here."""

import hashlib
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import msgspec

import graph
from pipeline.errors import HydratraceError
from pipeline.simulator.world import Plan

FILE = "measured.json"

Row = dict[str, str | int | float | None]


class Measured(msgspec.Struct, frozen=True):
    """What was measured, when, on what and of which detector.

    `seeds`: of the worlds with operators; `calm_seeds`: of those without any. `held_out`: whether nobody had looked
    at any of them before. `detector`: digest of the sources of `graph`. `tables`: by name, rows by column.
    """

    measured_on: str
    code_version: str
    detector: str
    command: str
    seeds: list[int]
    calm_seeds: list[int]
    accounts: int
    operators: int
    days: int
    held_out: bool
    tables: dict[str, list[Row]]


def measured() -> Measured:
    """The figures that this version was published with."""
    return msgspec.json.decode(files(__package__).joinpath(FILE).read_bytes(), type=Measured)


def measurement(worlds: list[Plan], held_out: bool, command: str, tables: dict[str, list[Row]]) -> Measured:
    """What was measured today on `worlds` with this code."""
    ringed = [plan for plan in worlds if plan.operators]
    return Measured(
        measured_on=f"{datetime.now(UTC):%Y-%m-%d}",
        code_version=version("hydratrace"),
        detector=detector_digest(),
        command=command,
        seeds=[plan.seed for plan in ringed],
        calm_seeds=[plan.seed for plan in worlds if not plan.operators],
        accounts=worlds[0].accounts,
        operators=worlds[0].operators,
        days=worlds[0].days,
        held_out=held_out,
        tables=tables,
    )


def write_measured(path: Path, found: Measured) -> None:
    """Write `found` where the next documents and reports will read it.

    Raises HydratraceError if the file cannot be written.
    """
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    except OSError as error:
        raise HydratraceError(f"cannot write {path}: {error.strerror}") from None


def detector_digest() -> str:
    """Twelve hex digits that change with any source file of `graph`."""
    root = Path(graph.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
