import json
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import CommitProperties, Transaction, write_deltalake

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME, TABLES, Home, Run
from pipeline.errors import LakeError
from pipeline.lake import FORMAT_VERSION, MARKER, Lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.create(tmp_path / "a lake é #1", "check")


def action(offset: int) -> dict[str, object]:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    columns = {
        "event_id": f"ev-{offset}",
        "event_time": now,
        "account_id": "acct",
        "action": "banned",
        "event_date": now.date(),
        "_topic_id": "topic",
        "_topic": "account.action.v1",
        "_partition": 0,
        "_offset": offset,
        "_landed_at": now,
    }
    return {column.name: columns.get(column.name) for column in BY_NAME["action"].columns}


def land(lake: Lake, offsets: range, end: int) -> None:
    rows = pa.Table.from_pylist([action(offset) for offset in offsets], schema=arrow_schema(BY_NAME["action"]))
    moved = CommitProperties(app_transactions=[Transaction("topic/0", end)])
    write_deltalake(lake.table("action"), rows, mode="append", commit_properties=moved)


def test_a_lake_is_made_once_and_opened_after(tmp_path: Path) -> None:
    root = tmp_path / "new" / "lake"
    made = Lake.create(root, "check")
    assert Lake.create(root, "check").marker == Lake.open(root).marker == made.marker


def test_no_lake_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match=r"no lake at .*; expected a folder with hydratrace\.json; land events first"):
        Lake.open(tmp_path)


@pytest.mark.parametrize("opening", [Lake.open, lambda root: Lake.create(root, "check")])
def test_a_path_that_deltalake_would_decode_is_refused(tmp_path: Path, opening) -> None:
    with pytest.raises(LakeError, match="holds a percent escape; choose a folder without one"):
        opening(tmp_path / "a%20b")
    assert list(tmp_path.iterdir()) == []


def test_another_key_is_refused(lake: Lake) -> None:
    with pytest.raises(LakeError, match="written with another key"):
        Lake.create(lake.root, "other")


def test_a_lake_of_a_newer_version_is_refused(lake: Lake) -> None:
    marker = {"format_version": FORMAT_VERSION + 1, "key_check": "check", "added_later": True}
    (lake.root / MARKER).write_text(json.dumps(marker), encoding="utf-8")
    with pytest.raises(LakeError, match="use a newer hydratrace"):
        Lake.open(lake.root)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format_version": "1"}'])
def test_a_torn_marker_is_one_clear_error(lake: Lake, content: bytes) -> None:
    (lake.root / MARKER).write_bytes(content)
    with pytest.raises(LakeError, match="cannot read"):
        Lake.open(lake.root)


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LakeError, match="cannot make a lake"):
        Lake.create(tmp_path / "file" / "lake", "check")


def test_every_delta_table_starts_empty_with_the_contracts_columns(lake: Lake) -> None:
    for spec in TABLES:
        if spec.home in (Home.EVENTS, Home.LAKE):
            made = lake.table(spec.name)
            assert pa.schema(made.schema().to_arrow()).names == [column.name for column in spec.columns]
            assert made.metadata().partition_columns == ([spec.partition_by] if spec.partition_by else [])
            assert lake.files(spec.name) == []


def test_what_is_landed_is_read_with_the_contracts_types(lake: Lake) -> None:
    land(lake, range(3), end=7)
    read = duckdb.sql(lake.select("action"))
    assert read.columns == [column.name for column in BY_NAME["action"].columns]
    assert duckdb.sql(f"SELECT _offset, event_time::VARCHAR FROM ({lake.select('action')}) ORDER BY 1").fetchall() == [
        (offset, duckdb.sql("SELECT TIMESTAMPTZ '2026-06-01 12:00:00Z'::VARCHAR").fetchall()[0][0])
        for offset in range(3)
    ]
    assert lake.positions() == {"topic/0": 7}


def test_only_files_of_the_log_are_read(lake: Lake) -> None:
    land(lake, range(3), end=3)
    day = Path(lake.files("action")[0]).parent
    (day / "torn.parquet").write_bytes(b"PAR1")
    assert duckdb.sql(f"SELECT count(*) FROM ({lake.select('action')})").fetchall() == [(3,)]


def test_a_table_never_written_reads_as_empty(lake: Lake) -> None:
    assert duckdb.sql(lake.select("usage")).fetchall() == []
    assert lake.positions() == {}
    assert lake.runs() == []


def test_runs_come_oldest_first(lake: Lake) -> None:
    def run(run_id: str, hour: int) -> dict[str, object]:
        at = datetime(2026, 6, 1, hour, tzinfo=UTC)
        known = {"run_id": run_id, "started_at": at, "as_of": None, "previous_run_id": None}
        return {column.name: known.get(column.name, "{}") for column in BY_NAME["runs"].columns} | known

    for row in (run("later", 2), run("earlier", 1)):
        write_deltalake(
            lake.table("runs"), pa.Table.from_pylist([row], schema=arrow_schema(BY_NAME["runs"])), mode="append"
        )
    runs = lake.runs()
    assert all(isinstance(run, Run) for run in runs)
    assert [run.run_id for run in runs] == ["earlier", "later"]
    assert lake.run_file("earlier", "links") == lake.root / "runs" / "earlier" / "links.parquet"


def test_spans_are_the_live_files_with_their_least_and_greatest_address(lake: Lake) -> None:
    land(lake, range(3), 3)
    land(lake, range(3, 5), 5)
    spans = lake.spans("action")
    assert [span.path for span in spans] == lake.files("action")
    assert sorted((span.topic_id, span.partitions, span.offsets) for span in spans) == [
        ("topic", (0, 0), (0, 2)),
        ("topic", (0, 0), (3, 4)),
    ]
    assert lake.spans("action", [date(2026, 6, 2)]) == []
    assert len(lake.spans("action", [date(2026, 6, 1)])) == 2
    assert lake.spans("usage") == []


def test_a_file_of_several_topics_says_nothing_of_its_addresses(lake: Lake) -> None:
    rows = [action(0), action(1) | {"_topic_id": "topic made anew"}]
    write_deltalake(lake.table("action"), pa.Table.from_pylist(rows, arrow_schema(BY_NAME["action"])), mode="append")
    assert [span.topic_id for span in lake.spans("action")] == [None]
