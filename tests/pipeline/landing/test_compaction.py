import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.deltalog import transaction_versions
from pipeline.lake import Lake
from pipeline.landing import compaction
from pipeline.landing.compaction import compact_if_due
from tests.pipeline.landed import directory, drained, job, rows
from tests.pipeline.records import event


@pytest.fixture
def lake(tmp_path):
    """Two days of events, in a commit each of one record."""
    folder = tmp_path / "files"
    folder.mkdir()
    began = datetime(2026, 6, 1, 23, 50, tzinfo=UTC)
    times = [(began + timedelta(minutes=2 * n)).isoformat() for n in range(12)]
    lines = [event("action", event_id=f"ev-{n}", event_time=time) for n, time in enumerate(times)]
    (folder / "account.action.v1.jsonl").write_bytes(b"\n".join([*lines, b"{", b"{", b""]))
    landing = job(tmp_path / "lake", directory(folder, poll_records=1), commit_records=1)
    drained(landing)
    return landing.lake


def test_few_files_are_left_alone(lake):
    version = lake.table("action").version()
    assert compact_if_due(lake) == []
    assert lake.table("action").version() == version


def test_what_killed_writers_began_goes_when_nobody_can_be_writing_it(lake, monkeypatch):
    monkeypatch.setattr(compaction, "SPARE_FILES", 5)
    begun = [Path(lake.files("action")[0]).with_name(f"part-{n}.parquet#1") for n in range(2)]
    for path in begun:
        path.write_bytes(b"PAR1")
    os.utime(begun[0], (0, 0))
    assert compact_if_due(lake) == ["action"]
    assert [path.exists() for path in begun] == [False, True]


def test_merging_changes_neither_rows_nor_positions_and_is_done_once(lake, monkeypatch):
    monkeypatch.setattr(compaction, "SPARE_FILES", 5)
    before, tips = rows(lake, "action"), transaction_versions(lake.path("action"))
    assert len(lake.files("action")) == 12
    assert compact_if_due(lake) == ["action"]
    assert len(lake.files("action")) == 2
    assert rows(lake, "action") == before
    assert transaction_versions(lake.path("action")) == tips
    version = lake.table("action").version()
    assert compact_if_due(lake) == []
    assert lake.table("action").version() == version


def test_large_files_are_no_reason_to_merge_again_and_again(lake, monkeypatch):
    monkeypatch.setattr(compaction, "SPARE_FILES", 0)
    monkeypatch.setattr(compaction, "TARGET_BYTES", 100)
    assert compact_if_due(lake) == []


def test_a_table_that_cannot_be_merged_waits(lake, monkeypatch, caplog):
    monkeypatch.setattr(compaction, "SPARE_FILES", 5)
    for file in (lake.path("action") / "_delta_log").iterdir():
        file.unlink()
    (lake.path("action") / "_delta_log").rmdir()
    (lake.path("action") / "_delta_log").touch()
    assert compact_if_due(lake) == []
    assert "compaction of action put off" in caplog.text


def test_an_empty_lake_stays_empty(tmp_path):
    lake = Lake.create(tmp_path / "lake", "check")
    assert compact_if_due(lake) == []
    assert [path.name for path in lake.root.iterdir()] == ["hydratrace.json"]
