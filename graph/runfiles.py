"""Writes a run: its files first, then the one row that makes it visible."""

import hashlib
import os
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import write_deltalake
from deltalake.exceptions import CommitFailedError

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME, RUN_TABLES, Run, Table
from pipeline.errors import LakeError
from pipeline.lake import Lake

# Appends of two links do not conflict; a failure means that the log moved while it was read.
ATTEMPTS = 5
# Rows copied together on their way to a file: a row group of Parquet's usual size.
GROUP_ROWS = 2**20


def write_files(lake: Lake, run_id: str, tables: dict[str, pa.Table]) -> str:
    """Write every run table as a Parquet file that survives a power cut; returns `Run.files` as JSON.

    Raises LakeError if the disk refuses; nothing is visible then.
    """
    folder = lake.runs_dir() / run_id
    files: dict[str, dict[str, object]] = {}
    try:
        folder.mkdir(parents=True)
        for spec in RUN_TABLES:
            path = lake.run_file(run_id, spec.name)
            content = parquet_bytes(spec, tables[spec.name])
            path.write_bytes(content)
            _sync(path)
            files[path.name] = {"sha256": hashlib.sha256(content).hexdigest(), "rows": tables[spec.name].num_rows}
        _sync(folder)
        _sync(folder.parent)
    except OSError as error:
        raise LakeError(
            f"cannot write the run at {folder}: {error.strerror or error}",
            remedy="mend the disk and link again; the last run stays current",
        ) from None
    return msgspec.json.encode(files, order="sorted").decode()


def parquet_bytes(spec: Table, rows: pa.Table) -> pa.Buffer:
    """The Parquet file of a run table: the same rows give the same bytes, however they are chunked."""
    sink = pa.BufferOutputStream()
    typed = rows.select([c.name for c in spec.columns]).cast(arrow_schema(spec))
    with pq.ParquetWriter(sink, typed.schema, compression="zstd") as writer:
        for start in range(0, max(typed.num_rows, 1), GROUP_ROWS):
            writer.write_table(typed.slice(start, GROUP_ROWS).combine_chunks(), GROUP_ROWS)
    return sink.getvalue()


def different_files(run: Run, tables: dict[str, pa.Table]) -> list[str]:
    """Names of the tables that would not make the files of `run`."""
    recorded = msgspec.json.decode(run.files, type=dict[str, dict[str, str | int]])
    return [
        spec.name
        for spec in RUN_TABLES
        if recorded.get(f"{spec.name}.parquet", {}).get("sha256")
        != hashlib.sha256(parquet_bytes(spec, tables[spec.name])).hexdigest()
    ]


def make_visible(lake: Lake, run: Run) -> None:
    """Append the row of `runs`: from here on the run exists.

    Raises LakeError if the table cannot be written.
    """
    rows = pa.Table.from_pylist([msgspec.structs.asdict(run)], schema=arrow_schema(BY_NAME["runs"]))
    for _ in range(ATTEMPTS):
        try:
            write_deltalake(lake.table("runs"), rows, mode="append")
            return
        except CommitFailedError:
            continue
    raise LakeError(f"cannot add the run to {lake.path('runs')}", remedy="link again")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
