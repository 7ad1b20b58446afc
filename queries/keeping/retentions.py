"""The log of retention: what left which table by age, and when."""

from collections.abc import Iterable
from functools import partial

import msgspec
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME, Retention
from pipeline.lake import Lake
from queries.keeping.rows import insist


def record(lake: Lake, retentions: Iterable[Retention]) -> None:
    """Append to the log."""
    rows = [msgspec.structs.asdict(retention) for retention in retentions]
    if rows:
        insist(lake, "retentions", partial(_append, pa.Table.from_pylist(rows, arrow_schema(BY_NAME["retentions"]))))


def _append(rows: pa.Table, delta: DeltaTable) -> None:
    write_deltalake(delta, rows, mode="append")
