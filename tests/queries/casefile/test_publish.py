import fcntl
import stat
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from pipeline.errors import LakeError
from pipeline.lake import Lake
from queries.casefile.publish import publish
from queries.casefile.tables import CASE_TABLES


def select(path: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_publishes_one_read_only_file_without_a_log(landed: Lake) -> None:
    done = publish(landed)
    assert (done.run_id, done.clusters, done.accounts, done.segments, done.segments_written) == ("run-1", 2, 6, 2, 2)
    assert done.path == landed.root / "case.duckdb"
    assert stat.S_IMODE(done.path.stat().st_mode) == 0o444
    left = {path.name for path in landed.root.iterdir() if not path.is_dir()}
    assert left == {"case.duckdb", "hydratrace.json", ".publish.lock"}
    assert not list((landed.root / "segments").glob(".*"))


def test_is_in_the_format_of_duckdb_1_4(published: Lake) -> None:
    with duckdb.connect() as connection:
        for file in (published.root / "case.duckdb", *(published.root / "segments").iterdir()):
            connection.execute(f"ATTACH '{file}' AS x (READ_ONLY)")
            tags = connection.execute("SELECT tags FROM duckdb_databases() WHERE database_name = 'x'").fetchone()
            assert tags is not None and tags[0]["storage_version"] == "v1.4.0+"
            connection.execute("DETACH x")


def test_every_table_column_view_and_macro_says_what_it_is(published: Lake) -> None:
    path = published.root / "case.duckdb"
    tables = dict(select(path, "SELECT table_name, comment FROM duckdb_tables()"))
    assert set(tables) == {table.name for table in CASE_TABLES}
    assert all(tables.values())
    assert not select(
        path, "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL"
    )
    assert not select(path, "SELECT view_name FROM duckdb_views() WHERE NOT internal AND comment IS NULL")
    assert not select(path, "SELECT function_name FROM duckdb_functions() WHERE NOT internal AND comment IS NULL")


def test_accounts_say_what_the_events_say(published: Lake) -> None:
    found = select(
        published.root / "case.duckdb",
        "SELECT account_id, cluster_uid, program, standing, is_verified, requests, output_tokens, refusals, "
        "rate_limited, payments_succeeded, payments_failed FROM accounts ORDER BY account_id",
    )
    assert found == [
        ("a1", "op_1", "free_trial", "banned", False, 2, 1000, 0, 1, 1, 0),
        ("a2", "op_1", "pay_as_you_go", "active", False, 2, 2000, 1, 0, 1, 0),
        ("a3", "op_1", "free_trial", "active", False, 1, 3000, 0, 0, 0, 0),
        ("b1", "op_2", "enterprise", "active", True, 1, 20, 0, 0, 0, 0),
        ("b2", "op_2", "enterprise", "active", False, 0, 0, 0, 0, 0, 0),
        ("h1", None, "pay_as_you_go", "active", False, 1, 20, 0, 0, 1, 1),
    ]


def test_an_event_landed_twice_counts_once_at_its_lowest_address(landed: Lake, world: dict[str, pa.Table]) -> None:
    again = (
        world["usage"]
        .slice(0, 1)
        .set_column(world["usage"].schema.get_field_index("_offset"), "_offset", pa.array([99], pa.int64()))
    )
    write_deltalake(landed.table("usage"), again, mode="append")
    path = publish(landed).path
    assert select(path, "SELECT _offset FROM usage WHERE event_id = 'u1'") == [(0,)]
    assert select(path, "SELECT requests FROM accounts WHERE account_id = 'a1'") == [(2,)]


def test_rejected_records_are_counted_not_copied(published: Lake) -> None:
    found = select(
        published.root / "case.duckdb", "SELECT topic, reason, path, records, bytes FROM rejected_counts ORDER BY ALL"
    )
    assert found == [
        ("account.signup.v1", "not_json", "$", 1, 7),
        ("api.usage.v1", "wrong_type", "$.status", 2, 100),
    ]


def test_only_segments_that_changed_are_written_again(published: Lake, world: dict[str, pa.Table]) -> None:
    assert publish(published).segments_written == 0
    write_deltalake(published.table("usage"), _late(world["usage"]), mode="append")
    done = publish(published)
    assert (done.segments, done.segments_written) == (2, 1)
    assert select(done.path, "SELECT count(*) FROM usage WHERE account_id = 'a1'") == [(3,)]


def _late(usage: pa.Table) -> pa.Table:
    rows = usage.slice(0, 1).to_pylist()
    rows[0] |= {"event_id": "u100", "_offset": 100}
    return pa.Table.from_pylist(rows, schema=usage.schema)


def test_segments_no_case_file_names_are_removed_one_publish_later(published: Lake, world: dict[str, pa.Table]) -> None:
    folder = published.root / "segments"
    before = {path.name for path in folder.iterdir()}
    write_deltalake(published.table("usage"), _late(world["usage"]), mode="append")
    publish(published)
    assert before < {path.name for path in folder.iterdir()}
    publish(published)
    after = {path.name for path in folder.iterdir()}
    assert len(after) == 2 and len(before - after) == 1


def test_a_reader_keeps_the_file_it_opened(published: Lake) -> None:
    path = published.root / "case.duckdb"
    with duckdb.connect(str(path), read_only=True) as reader:
        inode = path.stat().st_ino
        publish(published)
        assert path.stat().st_ino != inode
        assert reader.execute("SELECT count(*) FROM clusters").fetchone() == (2,)


def test_out_names_another_file(landed: Lake, tmp_path: Path) -> None:
    done = publish(landed, tmp_path / "elsewhere.duckdb")
    assert done.path == tmp_path / "elsewhere.duckdb" and done.path.exists()
    assert not (landed.root / "case.duckdb").exists()


def test_no_run_says_link(tmp_path: Path) -> None:
    lake = Lake.create(tmp_path / "lake", "check")
    with pytest.raises(LakeError, match="hydratrace link"):
        publish(lake)
    assert not (lake.root / "case.duckdb").exists()


def test_an_empty_run_on_no_events_publishes(tmp_path: Path, write_run: Callable[..., None]) -> None:
    lake = Lake.create(tmp_path / "lake", "check")
    write_run(lake, {})
    done = publish(lake)
    assert (done.clusters, done.accounts, done.segments) == (0, 0, 0)
    assert select(done.path, "FROM clusters_ranked()") == []


def test_a_changed_run_file_is_refused_and_the_old_case_file_stays(published: Lake) -> None:
    before = (published.root / "case.duckdb").read_bytes()
    file = published.run_file("run-1", "links")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(LakeError, match=r"links\.parquet has other bytes"):
        publish(published)
    assert (published.root / "case.duckdb").read_bytes() == before


def test_a_missing_run_file_is_named(landed: Lake) -> None:
    landed.run_file("run-1", "clusters").unlink()
    with pytest.raises(LakeError, match=r"clusters\.parquet is missing"):
        publish(landed)


def test_the_newest_run_is_shown(landed: Lake, write_run: Callable[..., None]) -> None:
    write_run(landed, {}, "run-2")
    done = publish(landed)
    assert (done.run_id, done.clusters) == ("run-2", 0)


def test_two_publishes_at_once_do_not_mix(landed: Lake) -> None:
    with (landed.root / ".publish.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(LakeError, match="another publish"):
            publish(landed)


def test_what_a_killed_publish_left_is_swept(landed: Lake) -> None:
    left = landed.root / ".case.duckdb.x1"
    left.mkdir()
    (left / "case.duckdb").write_bytes(b"half")
    publish(landed)
    assert not left.exists()


def test_a_stray_parquet_file_is_not_read(landed: Lake) -> None:
    (landed.path("usage") / "event_date=2026-06-01" / "part-torn.parquet").write_bytes(b"")
    assert publish(landed).accounts == 6


def test_a_target_in_a_missing_folder_is_one_clear_error(landed: Lake, tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="cannot publish to"):
        publish(landed, tmp_path / "nowhere" / "case.duckdb")
