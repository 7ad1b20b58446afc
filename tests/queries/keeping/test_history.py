from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME
from pipeline.deltalog import transaction_versions
from pipeline.lake import Lake
from queries.keeping.history import DRAFT, forget

AT = datetime(2026, 6, 1, tzinfo=UTC)


def append(lake, account, offset):
    address = {"_topic_id": "t", "_topic": "t", "_partition": 0, "_offset": offset}
    row = {column.name: "x" for column in BY_NAME["matches"].columns if column.type == "string"}
    row |= {"account_id": account, "event_time": AT, "matched_at": AT, "weight": 1}
    data = pa.Table.from_pylist([row | address], schema=arrow_schema(BY_NAME["matches"]))
    commit = CommitProperties(app_transactions=[Transaction("t/0", offset + 1)])
    write_deltalake(lake.table("matches"), data, mode="append", commit_properties=commit)


def log_text(lake):
    log = lake.path("matches") / "_delta_log"
    commits = "".join(path.read_text() for path in log.glob("*.json"))
    return commits + "".join(str(pa.parquet.read_table(path).to_pylist()) for path in log.glob("*.parquet"))


@pytest.fixture
def lake(tmp_path):
    made = Lake.create(tmp_path / "a lake", "check")
    for offset, account in enumerate(["acct-gone", "acct-b", "acct-c"]):
        append(made, account, offset)
        made.table("matches").create_checkpoint()
    made.table("matches").delete("_offset = 0")
    return made


def test_the_log_no_longer_says_what_was_in_files_that_left(lake):
    assert log_text(lake).count("acct-gone") >= 3
    open_before = lake.table("matches")
    forget(lake, "matches")
    assert "acct-gone" not in log_text(lake)
    assert "acct-b" in log_text(lake)
    assert transaction_versions(lake.path("matches")) == {"t/0": 3}
    assert lake.table("matches").transaction_version("t/0") == 3
    assert not (lake.root / DRAFT).exists()
    append(lake, "acct-d", 3)
    open_before.update_incremental()
    for table in (open_before, DeltaTable(str(lake.path("matches")))):
        assert sorted(table.to_pyarrow_table()["account_id"].to_pylist()) == ["acct-b", "acct-c", "acct-d"]


def test_a_writer_that_read_the_table_before_still_loses_to_who_was_faster(lake):
    stale = lake.table("matches")
    append(lake, "acct-e", 3)
    forget(lake, "matches")
    data = stale.to_pyarrow_table().slice(0, 1).cast(arrow_schema(BY_NAME["matches"]))
    commit = CommitProperties(app_transactions=[Transaction("t/0", 4)], max_commit_retries=0)
    with pytest.raises(CommitFailedError):
        write_deltalake(stale, data, mode="append", commit_properties=commit)
    assert lake.table("matches").transaction_version("t/0") == 4


def test_what_was_never_written_has_nothing_to_forget(tmp_path):
    forget(Lake.create(tmp_path / "lake", "check"), "matches")
