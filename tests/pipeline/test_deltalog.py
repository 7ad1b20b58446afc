from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.deltalog import transaction_versions

SCHEMA = pa.schema([("x", pa.int64())])
# The clean-up then removes every entry that the newest checkpoint covers.
FORGETFUL = {"delta.logRetentionDuration": "interval 0 days", "delta.checkpointInterval": "1000"}

commits = st.dictionaries(st.sampled_from(["a", "b/0", "b/1", "é \"'/0"]), st.integers(0, 2**62), max_size=3)
steps = st.lists(st.one_of(commits, st.just("checkpoint"), st.just("clean up")), max_size=12)


def append(table: DeltaTable, versions: dict[str, int], rows: int = 0) -> None:
    transactions = [Transaction(application, version) for application, version in versions.items()]
    data = pa.table({"x": pa.array(range(rows), pa.int64())}, schema=SCHEMA)
    write_deltalake(table, data, mode="append", commit_properties=CommitProperties(app_transactions=transactions))


@settings(max_examples=30)
@given(steps=steps)
def test_it_says_what_deltalake_says_of_each_id(tmp_path_factory: pytest.TempPathFactory, steps: list) -> None:
    folder = tmp_path_factory.mktemp("table")
    table = DeltaTable.create(str(folder), schema=SCHEMA, configuration=FORGETFUL)
    seen: set[str] = set()
    for step in steps:
        if step == "checkpoint":
            table.create_checkpoint()
        elif step == "clean up":
            table.cleanup_metadata()
        else:
            append(table, step)
            seen |= step.keys()
        fresh = DeltaTable(str(folder))
        assert transaction_versions(folder) == {name: fresh.transaction_version(name) for name in seen}


def test_it_reads_the_checkpoint_alone_when_the_log_was_cleaned(tmp_path: Path) -> None:
    table = DeltaTable.create(str(tmp_path), schema=SCHEMA, configuration=FORGETFUL)
    for version in range(5):
        append(table, {"a": version, f"once/{version}": version}, rows=3)
    table.create_checkpoint()
    table.cleanup_metadata()
    assert len(list((tmp_path / "_delta_log").glob("*.json"))) <= 1
    assert transaction_versions(tmp_path) == {"a": 4, **{f"once/{version}": version for version in range(5)}}


def test_a_folder_without_a_log_has_no_positions(tmp_path: Path) -> None:
    assert transaction_versions(tmp_path) == {}
    assert transaction_versions(tmp_path / "absent") == {}
