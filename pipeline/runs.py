"""Tables of link runs, read only from files whose SHA-256 the run's row lists."""

import hashlib

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME, Run
from pipeline.errors import LakeError
from pipeline.lake import Lake


class RunFile(msgspec.Struct, frozen=True):
    """What a run's row says of one of its files."""

    sha256: str
    rows: int


def present_runs(lake: Lake) -> list[Run]:
    """Runs over everything landed, oldest first: a look into the past (`--as-of`) is nobody's news."""
    return [run for run in lake.runs() if run.as_of is None]


def run_table(lake: Lake, run: Run, table: str) -> pa.Table:
    """Rows that `run` wrote to `table`.

    Raises LakeError if the file is missing or is not the one that the run's row lists.
    """
    path = lake.run_file(run.run_id, table)
    listed = msgspec.json.decode(run.files, type=dict[str, RunFile]).get(path.name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LakeError(f"cannot read {path}: {error.strerror}", remedy="link again: hydratrace link") from None
    if listed is None or hashlib.sha256(content).hexdigest() != listed.sha256:
        raise LakeError(f"{path} is not the file that run {run.run_id} wrote", remedy="link again: hydratrace link")
    schema = arrow_schema(BY_NAME[table])
    return pq.read_table(pa.BufferReader(content)).select(schema.names).cast(schema)
