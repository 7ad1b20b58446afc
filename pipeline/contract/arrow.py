"""Arrow schemas of the contract's tables."""

import pyarrow as pa

from pipeline.contract.tables import Table

ARROW_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us", "UTC"),
    "date": pa.date32(),
    "list<int>": pa.list_(pa.int64()),
    "list<string>": pa.list_(pa.string()),
}


def arrow_schema(table: Table) -> pa.Schema:
    """Schema of `table`, columns in contract order."""
    return pa.schema([pa.field(c.name, ARROW_TYPES[c.type], nullable=c.nullable) for c in table.columns])
