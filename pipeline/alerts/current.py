"""The link runs that alerts speak of."""

from datetime import datetime
from typing import TypeVar

import msgspec

from pipeline.contract.tables import Run
from pipeline.lake import Lake
from pipeline.runs import run_table

Row = TypeVar("Row", bound=msgspec.Struct)


def run_at(runs: list[Run], instant: datetime) -> Run | None:
    """The run that was current at `instant`."""
    earlier = [run for run in runs if run.started_at <= instant]
    return earlier[-1] if earlier else None


def read(lake: Lake, run: Run, table: str, record: type[Row]) -> list[Row]:
    """Rows that `run` wrote to `table`, as `record`; raises LakeError as `run_table` does."""
    return [msgspec.convert(row, record) for row in run_table(lake, run, table).to_pylist()]
