"""Files that are not live lose an account's rows, and nobody who is about to commit one gets it into the table."""

import os
import shutil
import threading
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import CommitProperties
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.ddl import quoted
from pipeline.contract.tables import BY_NAME
from pipeline.lake import Lake
from pipeline.landing.append import commit
from queries.keeping import ghosts
from queries.keeping.ghosts import remove_ghosts


@pytest.fixture
def account(lake: Lake) -> str:
    first: str = pq.read_table(lake.files("signup")[0])["account_id"][0].as_py()
    return first


@pytest.fixture
def one_row(lake: Lake) -> pa.Table:
    return lake.table("signup").to_pyarrow_table().slice(0, 1).cast(arrow_schema(BY_NAME["signup"]))


def written(lake: Lake, table: str = "signup") -> Path:
    """A file that a writer has written a moment ago and not committed, with the rows of a live one."""
    live = Path(lake.files(table)[0])
    return Path(shutil.copyfile(live, live.with_name("part-00000-written.parquet")))


def removed(lake: Lake, account: str, table: str = "signup") -> int:
    with duckdb.connect() as con:
        return remove_ghosts(con, lake, table, f"account_id = {quoted(account)}")


def add(lake: Lake, file: Path) -> AddAction:
    day = file.parent.name.partition("=")[2]
    path = file.relative_to(lake.path("signup")).as_posix()
    return AddAction(path, file.stat().st_size, {"event_date": day}, 0, True, '{"numRecords": 1}')


@pytest.mark.parametrize("properties", [CommitProperties(max_commit_retries=0), None])
def test_who_is_about_to_commit_a_file_that_was_removed_is_refused(lake, account, properties):
    read, file = lake.table("signup"), written(lake)
    live = lake.files("signup")
    assert removed(lake, account) == 1
    assert not file.exists()
    with pytest.raises(CommitFailedError):
        read.create_write_transaction(
            [add(lake, written(lake))],
            mode="append",
            schema=arrow_schema(BY_NAME["signup"]),
            partition_by=["event_date"],
            commit_properties=properties,
        )
    assert lake.files("signup") == live


def test_a_compaction_under_way_is_refused(lake, account, one_row):
    for end in (1, 2):
        commit(lake.table("signup"), one_row, {"t/0": end})
    read = lake.table("signup")
    written(lake)
    assert removed(lake, account) == 1
    with pytest.raises(CommitFailedError):
        read.optimize.compact()


def test_files_of_others_and_live_ones_stay_and_the_table_is_left_alone(lake):
    file, version = written(lake), lake.table("signup").version()
    assert removed(lake, "nobody") == 0
    assert file.exists()
    assert lake.table("signup").version() == version


def test_a_torn_file_is_removed(lake, account):
    torn = written(lake)
    os.truncate(torn, torn.stat().st_size // 2)
    empty = torn.with_name("part-00001-empty.parquet")
    empty.touch()
    assert removed(lake, account) == 2
    assert not torn.exists() and not empty.exists()


def test_what_is_being_written_is_waited_for(lake, account, monkeypatch):
    monkeypatch.setattr(ghosts, "STILL_SECONDS", 0.4)
    monkeypatch.setattr(ghosts, "POLL_SECONDS", 0.02)
    final = written(lake)
    begun = final.rename(final.with_name(f"{final.name}#1"))
    dead = begun.with_name("part-00000-dead.parquet#12")
    shutil.copyfile(begun, dead)

    def write():
        for _ in range(10):
            time.sleep(0.05)
            begun.touch()
        begun.rename(final)

    writer = threading.Thread(target=write)
    writer.start()
    assert removed(lake, account) == 1  # the writer got its name, and no commit
    writer.join()
    assert not dead.exists() and not begun.exists() and not final.exists()


def test_landing_beside_loses_and_doubles_nothing(lake, account, one_row):
    before = pq.read_table(lake.files("signup")).num_rows
    landed, stop = 0, threading.Event()

    def land():
        nonlocal landed
        while not stop.is_set():
            try:
                commit(lake.table("signup"), one_row, {"t/0": landed + 1})
                landed += 1
            except CommitFailedError:
                continue

    writer = threading.Thread(target=land)
    writer.start()
    try:
        for _ in range(6):
            written(lake)
            removed(lake, account)
    finally:
        stop.set()
        writer.join()
    assert landed
    assert pq.read_table(lake.files("signup")).num_rows == before + landed
