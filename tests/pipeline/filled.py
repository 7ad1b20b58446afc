"""Rows of any table of the contract, with what it asks for beside what a test gives."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pyarrow as pa

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME

START = datetime(2026, 6, 1, tzinfo=UTC)
EMPTY = {
    "string": "", "int": 0, "float": 0.0, "bool": False, "timestamp": START, "date": START.date(), "list<string>": [],
}  # fmt: skip


def filled(table: str, rows: Sequence[Mapping[str, object]], **more: object) -> pa.Table:
    """Rows of the table with what the contract asks for beside what is given."""
    columns = BY_NAME[table].columns
    defaults = {c.name: None if c.nullable else EMPTY[c.type] for c in columns}
    whole = [{**defaults, **more, **row} for row in rows]
    return pa.Table.from_pylist(whole, schema=arrow_schema(BY_NAME[table]))
