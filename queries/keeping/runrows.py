"""Takes an account out of the files of link runs: the log says which file took which one's place."""

import hashlib
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable

from graph.runfiles import parquet_bytes
from pipeline.contract.ddl import quoted
from pipeline.contract.tables import RUN_TABLES, Run, Table
from pipeline.lake import Lake
from queries.casefile.atomic import written_whole
from queries.casefile.runs import RunFile, sha256_of
from queries.keeping.rows import insist

NAMING = ("account_id", "account_l", "account_r")
# The table `runs` lies in the same folder: only what has a run's name is a run's.
RUN_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}")


class Replaced(msgspec.Struct, frozen=True):
    """One file of a run that another takes the place of."""

    run_id: str
    table: str
    rows: int
    before: str
    after: str


def drop_from_runs(lake: Lake, account_id: str, tell: Callable[[list[Replaced]], None]) -> int:
    """Rewrite every run file that names the account without those rows; how many rows that were.

    `tell` hears of a run's files before any is replaced: after a kill `mend` finds there what belongs to the run.
    """
    return sum(_drop(lake, run, account_id, tell) for run in lake.runs())


def drop_unfinished(lake: Lake) -> None:
    """Remove what links that were killed left behind: a folder without a row is no run. None may be linking."""
    known = {run.run_id for run in lake.runs()}
    for folder in lake.runs_dir().glob("*/"):
        if RUN_ID.fullmatch(folder.name) and folder.name not in known:
            shutil.rmtree(folder)


def mend(lake: Lake, known: dict[str, str]) -> None:
    """Let runs list the files that an erasure has put there: `known` is old SHA-256 → new one, from the log."""
    for run in lake.runs():
        listed = msgspec.json.decode(run.files, type=dict[str, RunFile])
        mended = dict(listed)
        for name, entry in listed.items():
            path = lake.runs_dir() / run.run_id / name
            if entry.sha256 in known and path.exists() and sha256_of(path) == known[entry.sha256]:
                mended[name] = RunFile(known[entry.sha256], pq.read_metadata(path).num_rows)
        if mended != listed:
            _list(lake, run, mended)


def _drop(lake: Lake, run: Run, account_id: str, tell: Callable[[list[Replaced]], None]) -> int:
    listed = msgspec.json.decode(run.files, type=dict[str, RunFile])
    replaced: list[Replaced] = []
    contents: dict[Path, bytes] = {}
    for spec in RUN_TABLES:
        path = lake.run_file(run.run_id, spec.name)
        if path.name not in listed or not path.exists():
            continue
        rows = pq.read_table(path)
        kept = _without(spec, rows, account_id)
        if kept.num_rows < rows.num_rows:
            contents[path] = parquet_bytes(spec, kept)
            after = hashlib.sha256(contents[path]).hexdigest()
            before = listed[path.name].sha256
            replaced.append(Replaced(run.run_id, spec.name, rows.num_rows - kept.num_rows, before, after))
            listed[path.name] = RunFile(after, kept.num_rows)
    if replaced:
        tell(replaced)
        for path, content in contents.items():
            with written_whole(path, 0o644) as unfinished:
                unfinished.write_bytes(content)
        _list(lake, run, listed)
    return sum(file.rows for file in replaced)


def _without(spec: Table, rows: pa.Table, account_id: str) -> pa.Table:
    for column in spec.columns:
        if column.name in NAMING:
            rows = rows.filter(pc.field(column.name) != account_id)
    return rows


def _list(lake: Lake, run: Run, files: dict[str, RunFile]) -> None:
    text = msgspec.json.encode(files, order="sorted").decode()
    insist(lake, "runs", partial(_update, run.run_id, text))


def _update(run_id: str, files: str, delta: DeltaTable) -> None:
    delta.update(predicate=f"run_id = {quoted(run_id)}", updates={"files": quoted(files)})
