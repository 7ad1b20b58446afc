"""Rows as a Parquet file."""

from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import UsageError


def write_parquet(reader: pa.RecordBatchReader, out: BinaryIO, width: int | None) -> None:
    """Write every row.

    Raises UsageError on a terminal.
    """
    if width is not None:
        raise UsageError("Parquet is no text", remedy="name a file with --output, or redirect the output")
    with pq.ParquetWriter(out, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)
