"""Result rows as people and programs want them: a table, CSV, JSON, Parquet."""

from collections.abc import Callable
from typing import BinaryIO

import pyarrow as pa

from queries.formats.delimited import write_csv
from queries.formats.document import write_json
from queries.formats.grid import write_table
from queries.formats.parquet import write_parquet

Writer = Callable[[pa.RecordBatchReader, BinaryIO, int | None], None]

# Each takes the rows, where to write, and the width of the terminal it is (None: no terminal).
WRITERS: dict[str, Writer] = {
    "table": write_table,
    "csv": write_csv,
    "json": write_json,
    "parquet": write_parquet,
}
