"""Publishes the case file: segments of what changed, then one file that takes the old one's place."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import duckdb

from pipeline.contract.ddl import quoted
from pipeline.errors import LakeError
from pipeline.lake import Lake
from queries.casefile import segments
from queries.casefile.atomic import written_whole
from queries.casefile.contents import create, fill
from queries.casefile.events import Shrunk
from queries.casefile.previous import base_of, note
from queries.casefile.runs import VerifiedRun, current_run, verified
from queries.casefile.storage import new_database, refuse_log

NAME = "case.duckdb"


@dataclass(frozen=True)
class Published:
    """What was published."""

    path: Path
    run_id: str
    segments: int
    segments_written: int
    clusters: int
    accounts: int


def publish(lake: Lake, target: Path | None = None, *, anew: bool = False) -> Published:
    """Write the case file of the current run to `target` (default: LAKE/case.duckdb).

    The one in the lake is brought up to date on a copy, unless `anew` or rows have left the lake: then nothing that
    they left in the file's free space may stay. Raises LakeError if there is no run, its files are not what it wrote,
    or the disk refuses.
    """
    path = (target or lake.root / NAME).absolute()
    refuse_log(path)
    run = verified(lake, current_run(lake))
    with _alone(lake) as lock:
        try:
            periods = segments.periods(lake)
            written = sum(segments.build(lake, period) for period in periods)
            # A reader may have opened the file before this one and be about to attach its segments: they stay.
            kept = {period.name for period in periods} | _listed(lake.root / NAME)
            base = None if anew or target else base_of(path, lock.read())
            try:
                clusters, accounts = _write(lake, path, base, run, periods)
            except Shrunk:
                clusters, accounts = _write(lake, path, None, run, periods)
            if not target:
                note(path, lock)
            _drop_unlisted(lake, kept)
        except (OSError, duckdb.IOException) as error:
            raise LakeError(f"cannot publish to {path}: {error}", remedy="mend that and publish again") from None
    return Published(path, run.run.run_id, len(periods), written, clusters, accounts)


def _write(
    lake: Lake, path: Path, base: Path | None, run: VerifiedRun, periods: list[segments.Period]
) -> tuple[int, int]:
    """Write the file, on a copy of `base` if there is one; tells how many clusters and accounts it has."""
    with written_whole(path) as unfinished, new_database(unfinished, base) as connection:
        if base is None:
            create(connection)
        before = connection.execute("SELECT number, period, file FROM segments").fetchall()
        fill(connection, lake, run, segments.change(lake, periods, before))
        return _counts(connection)


@contextmanager
def _alone(lake: Lake) -> Iterator[TextIO]:
    """The lock's file, held; it says of the case file what `base_of` asks."""
    try:
        handle = (lake.root / ".publish.lock").open("a+")
    except OSError as error:
        raise LakeError(f"cannot publish in {lake.root}: {error.strerror}", expected="a folder to write to") from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LakeError(f"another publish is running in {lake.root}", remedy="wait for it to end") from None
        sweep(lake)
        handle.seek(0)
        yield handle


def sweep(lake: Lake) -> None:
    """Remove what a killed publish left half-written."""
    for place in (lake.root, segments.folder(lake)):
        for scratch in place.glob(".*.duckdb.*"):
            shutil.rmtree(scratch, ignore_errors=True)


def _counts(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    row = connection.execute("SELECT (SELECT count(*) FROM clusters), (SELECT count(*) FROM accounts)").fetchone()
    assert row is not None
    return row[0], row[1]


def _listed(path: Path) -> set[str]:
    """Names of the segments that the case file at `path` names; none if there is no readable one."""
    if not path.exists():
        return set()
    try:
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"ATTACH {quoted(str(path))} AS before (READ_ONLY)")
            return {file for (file,) in connection.execute("SELECT file FROM before.segments").fetchall()}
    except duckdb.Error:
        return set()


def _drop_unlisted(lake: Lake, listed: set[str]) -> None:
    for file in segments.folder(lake).glob("*.duckdb"):
        if file.name not in listed:
            file.unlink()
