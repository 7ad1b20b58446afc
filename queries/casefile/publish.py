"""Publishes the case file: segments of what changed, then one file that takes the old one's place."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.contract.ddl import quoted
from pipeline.errors import LakeError
from pipeline.lake import Lake
from queries.casefile import segments
from queries.casefile.atomic import written_whole
from queries.casefile.contents import fill
from queries.casefile.runs import current_run, verified
from queries.casefile.storage import new_database, refuse_log
from queries.casefile.views import create_macros, create_views

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


def publish(lake: Lake, target: Path | None = None) -> Published:
    """Write the case file of the current run to `target` (default: LAKE/case.duckdb).

    Raises LakeError if there is no run, its files are not what it wrote, or the disk refuses.
    """
    path = (target or lake.root / NAME).absolute()
    refuse_log(path)
    run = verified(lake, current_run(lake))
    with _alone(lake):
        try:
            periods = segments.periods(lake)
            written = sum(segments.build(lake, period) for period in periods)
            # A reader may have opened the file before this one and be about to attach its segments: they stay.
            kept = {period.name for period in periods} | _listed(lake.root / NAME)
            with written_whole(path) as unfinished, new_database(unfinished) as connection:
                fill(connection, lake, run, periods)
                create_views(connection)
                create_macros(connection)
                clusters, accounts = _counts(connection)
            _drop_unlisted(lake, kept)
        except (OSError, duckdb.IOException) as error:
            raise LakeError(f"cannot publish to {path}: {error}", remedy="mend that and publish again") from None
    return Published(path, run.run.run_id, len(periods), written, clusters, accounts)


@contextmanager
def _alone(lake: Lake) -> Iterator[None]:
    try:
        handle = (lake.root / ".publish.lock").open("w")
    except OSError as error:
        raise LakeError(f"cannot publish in {lake.root}: {error.strerror}", expected="a folder to write to") from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LakeError(f"another publish is running in {lake.root}", remedy="wait for it to end") from None
        _sweep(lake)
        yield


def _sweep(lake: Lake) -> None:
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
