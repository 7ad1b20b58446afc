import hashlib
import shutil
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import LakeError
from pipeline.lake import Lake
from queries.errors import QueryError
from queries.limited import deadline, rows
from queries.sandbox import Limits, open_case

LIMITS = Limits(seconds=5, memory_mib=256)


def ask(lake: Lake, sql: str, limits: Limits = LIMITS) -> list[dict]:
    with open_case(lake.root, limits) as connection, deadline(connection, limits):
        return rows(connection, sql, {}, limits).read_all().to_pylist()


def digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


def written(attack: str, lake: Lake) -> str:
    return attack.format(root=lake.root, case=lake.root / "case.duckdb", out=lake.root.parent / "out")


# Each with {root} the lake, {case} its case file and {out} a file outside it.
HOSTILE = {
    "copy": "COPY (SELECT 1) TO '{out}'",
    "copy in a CTE": "WITH w AS (COPY (SELECT 1) TO '{out}') SELECT 1",
    "copy onto the case file": "COPY (SELECT 1) TO '{case}' (USE_TMP_FILE false)",
    "copy in a CTE onto the case file": "WITH w AS (COPY (SELECT 1) TO '{case}' (USE_TMP_FILE false)) SELECT 1",
    "copy in a CTE onto its log": "WITH w AS (COPY (SELECT 1) TO '{case}.wal' (USE_TMP_FILE false)) SELECT 1",
    "copy from": "COPY clusters FROM '/etc/passwd'",
    "explain analyze copy": "EXPLAIN ANALYZE COPY (SELECT 1) TO '{out}'",
    "delete in a CTE": "WITH w AS (DELETE FROM clusters RETURNING *) SELECT * FROM w",
    "insert in a CTE": "WITH w AS (INSERT INTO clusters FROM clusters RETURNING *) SELECT * FROM w",
    "update": "UPDATE clusters SET verdict = 'organisation'",
    "create": "CREATE TABLE t AS SELECT 1",
    "create elsewhere": "CREATE TABLE memory.main.t AS SELECT 1",
    "drop": "DROP TABLE clusters",
    "attach": "ATTACH '{out}'",
    "attach the case file to write": "ATTACH '{root}/case.duckdb' AS again (READ_WRITE)",
    "detach": "DETACH casefile",
    "use": "USE memory",
    "install": "INSTALL httpfs",
    "load": "LOAD httpfs",
    "set": "SET enable_external_access = true",
    "reset": "RESET lock_configuration",
    "set in passing": "SET VARIABLE x = 1",
    "pragma": "PRAGMA database_list",
    "profiling output": "PRAGMA profiling_output = '{out}'",
    "export": "EXPORT DATABASE '{out}'",
    "import": "IMPORT DATABASE '{root}'",
    "call": "CALL enable_logging()",
    "logging into a file": "SELECT * FROM enable_logging('QueryLog', storage = 'file', storage_path = '{out}')",
    "profile into a file": "SELECT * FROM enable_profiling('json', save_location := '{out}')",
    "memory address": "SELECT * FROM arrow_scan(4096::POINTER, 4096::POINTER, 4096::POINTER)",
    "function as a resource": "SELECT * FROM register_external_resource_type('x', 'x', 'x', 'x', 'x', 'x', 'x')",
    "secret": "CREATE SECRET s (TYPE http, BEARER_TOKEN 'x')",
    "persistent secret": "CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')",
    "two statements": "SELECT 1; COPY (SELECT 1) TO '{out}'",
    "none": "-- nothing",
    "read_csv": "SELECT * FROM read_csv('/etc/passwd')",
    "read_text": "SELECT * FROM read_text('/etc/passwd')",
    "read_blob": "SELECT * FROM read_blob('{root}/hydratrace.json')",
    "read_json": "SELECT * FROM read_json('{root}/hydratrace.json')",
    "read_parquet": "SELECT * FROM read_parquet('{root}/usage/*/*.parquet')",
    "another database": "SELECT * FROM read_duckdb('{root}/case.duckdb', table_name = 'clusters')",
    "a file as a table": "SELECT * FROM '/etc/passwd'",
    "a csv as a table": "SELECT * FROM '/etc/hosts.csv'",
    "glob": "SELECT * FROM glob('/etc/*')",
    "sniff": "SELECT * FROM sniff_csv('/etc/passwd')",
    "parquet metadata": "SELECT * FROM parquet_metadata('{root}/usage/*/*.parquet')",
    "http": "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
    "http as a table": "SELECT * FROM 'https://127.0.0.1:9/x.parquet'",
    "extensions on disk": "SELECT * FROM duckdb_extensions()",
    "environment": "SELECT getenv('HOME')",
    "python variable": "SELECT * FROM LIMITS",
    "query from text": "SELECT * FROM query('COPY (SELECT 1) TO ''{out}''')",
    "serialized copy": "SELECT json_execute_serialized_sql(json_serialize_sql('COPY (SELECT 1) TO ''{out}'''))",
    "prepared": "PREPARE p AS COPY (SELECT 1) TO '{out}'",
    "checkpoint": "CHECKPOINT casefile",
    "transaction": "BEGIN TRANSACTION",
    "one csv": "SELECT * FROM read_single_csv_file('/etc/passwd')",
    "one json": "SELECT * FROM read_single_json_file('{root}/hydratrace.json')",
    "one parquet": "SELECT * FROM read_single_parquet_file('{root}/x.parquet')",
    "parquet notes": "SELECT * FROM parquet_kv_metadata('/etc/passwd')",
    "parquet bloom": "SELECT * FROM parquet_bloom_probe('/etc/passwd', 'a', 1)",
    "own environment": "SELECT * FROM read_text('/proc/self/environ')",
    "own descriptors": "SELECT * FROM read_text('/proc/self/fd/3')",
    "own memory": "SELECT * FROM read_blob('/proc/self/mem')",
    "standard input": "SELECT * FROM read_text('/dev/stdin')",
    "a file URL": "SELECT * FROM read_blob('file:///etc/passwd')",
    "a list of files": "SELECT * FROM read_text(['/etc/passwd', '/etc/hosts'])",
    "the case file as bytes": "SELECT * FROM read_blob('{case}')",
    "its log as bytes": "SELECT * FROM read_blob('{case}.wal')",
    "the way up": "SELECT * FROM read_blob('{root}/segments/../case.duckdb')",
    "segments again": "SELECT * FROM read_duckdb('{root}/segments/*.duckdb', table_name := 'usage')",
    "a file as a quoted table": 'SELECT * FROM "/etc/passwd"',
    "the case file as a table": "SELECT * FROM '{case}'",
    "reading in a query": "SELECT * FROM query('FROM read_text(''/etc/passwd'')')",
    "reading by a table's name": "SELECT * FROM query_table('/etc/passwd')",
    "reading by tables' names": "SELECT * FROM query_table(['/etc/passwd'])",
    "serialized reading": "FROM json_execute_serialized_sql(json_serialize_sql('FROM read_text(''/etc/passwd'')'))",
    "reading in a subquery": "SELECT (SELECT content FROM read_text('/etc/passwd'))",
    "reading as a scalar": "SELECT read_text('/etc/passwd')",
    "explained reading": "EXPLAIN ANALYZE SELECT * FROM read_text('/etc/passwd')",
    "planned reading": "EXPLAIN SELECT * FROM read_text('/etc/passwd')",
    "pivoted reading": "PIVOT (FROM read_csv('/etc/passwd')) ON column0 USING count(*)",
    "described reading": "FROM (DESCRIBE FROM read_csv('/etc/passwd'))",
    "s3": "SELECT * FROM 's3://bucket/x.parquet'",
    "hub": "SELECT * FROM 'hf://datasets/x/y.csv'",
    "postgres": "SELECT * FROM postgres_scan('', '', '')",
    "sqlite": "SELECT * FROM sqlite_scan('/etc/passwd', 'x')",
    "delta": "SELECT * FROM delta_scan('{root}/usage')",
    "iceberg": "SELECT * FROM iceberg_scan('{root}/usage')",
    "spatial": "SELECT * FROM st_read('/etc/passwd')",
    "another's external resource": "SELECT * FROM create_external_resource('x', NULL)",
    "end of a resource": "SELECT * FROM destroy_external_resource('system', 'x')",
    "resource registered": "FROM register_external_resource('t', 'n', 'h', '/etc/passwd', 'duckdb', 'system')",
    "python function": "SELECT * FROM python_map_function(1)",
    "pandas at an address": "SELECT * FROM pandas_scan(4096::POINTER)",
    "arrow at an address": "SELECT * FROM python_arrow_scan(4096::POINTER)",
    "scan of nothing": "SELECT * FROM seq_scan()",
    "setting in a select": "SELECT set_config('memory_limit', '9GB')",
    "setting in a CTE": "WITH w AS (SET memory_limit = '9GB') SELECT 1",
    "attach in a CTE": "WITH w AS (ATTACH '{out}') SELECT 1",
    "install in a CTE": "WITH w AS (INSTALL httpfs) SELECT 1",
    "create in a CTE": "WITH w AS (CREATE TABLE memory.t AS SELECT 1) SELECT 1",
    "export in a CTE": "WITH w AS (EXPORT DATABASE '{out}') SELECT 1",
    "update in a CTE": "WITH w AS (UPDATE clusters SET verdict = 'x' RETURNING *) SELECT * FROM w",
    "copy in a CTE to standard output": "WITH w AS (COPY (SELECT 1) TO '/dev/stdout') SELECT 1",
    "copy in a CTE into parts": "WITH w AS (COPY (SELECT 1 AS x) TO '{out}' (PARTITION_BY (x))) SELECT 1",
    "all of it into memory": "COPY FROM DATABASE casefile TO memory",
    "temporary macro": "CREATE OR REPLACE TEMP MACRO clusters_ranked() AS TABLE SELECT 1",
    "temporary view": "CREATE OR REPLACE TEMP VIEW all_usage AS SELECT 1",
    "alter": "ALTER TABLE clusters RENAME TO x",
    "comment": "COMMENT ON TABLE clusters IS 'x'",
    "merge": "MERGE INTO clusters USING clusters AS c ON true WHEN MATCHED THEN DELETE",
    "truncate": "TRUNCATE clusters",
    "vacuum": "VACUUM",
    "analyze": "ANALYZE",
    "explained delete": "EXPLAIN ANALYZE DELETE FROM clusters",
    "explained attach": "EXPLAIN ANALYZE ATTACH '{out}'",
    "a sleep": "SELECT sleep_ms(100000)",
}


@pytest.fixture(scope="module")
def shared(published_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    root = tmp_path_factory.mktemp("hostile") / "lake"
    shutil.copytree(published_root, root)
    return Lake.open(root)


@pytest.mark.parametrize("attack", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_sql_is_refused_and_changes_nothing(shared: Lake, attack: str) -> None:
    before = digests(shared.root)
    with pytest.raises(QueryError):
        ask(shared, written(attack, shared))
    assert digests(shared.root) == before
    assert not (shared.root.parent / "out").exists()


@pytest.mark.parametrize(
    "attack",
    [sql for name, sql in HOSTILE.items() if "copy" in name or name in {"attach", "export", "profiling output"}],
)
def test_the_sandbox_holds_without_the_statement_check(shared: Lake, attack: str) -> None:
    before = digests(shared.root)
    with open_case(shared.root, LIMITS) as connection, pytest.raises(duckdb.Error):
        connection.execute(written(attack, shared)).fetchall()
    assert digests(shared.root) == before


def test_a_checkpoint_in_a_select_leaves_the_file_alone(shared: Lake) -> None:
    before = digests(shared.root)
    ask(shared, "SELECT * FROM checkpoint('casefile')")
    assert digests(shared.root) == before


def test_a_planted_log_is_not_replayed(published: Lake) -> None:
    forger = published.root / "forged.duckdb"
    shutil.copy(published.root / "case.duckdb", forger)
    forger.chmod(0o600)
    with duckdb.connect(str(forger)) as connection:
        connection.execute("SET checkpoint_threshold = '1GB'; PRAGMA disable_checkpoint_on_shutdown")
        connection.execute("UPDATE clusters SET verdict = 'organisation'")
    planted = published.root / "case.duckdb.wal"
    Path(f"{forger}.wal").rename(planted)
    with pytest.raises(LakeError, match="was not written by hydratrace"):
        ask(published, "SELECT verdict FROM clusters")
    planted.unlink()
    assert {row["verdict"] for row in ask(published, "SELECT verdict FROM clusters")} == {
        "distillation",
        "organisation",
    }


def test_a_log_beside_a_segment_is_not_replayed(published: Lake) -> None:
    segment = next((published.root / "segments").glob("*.duckdb"))
    Path(f"{segment}.wal").write_bytes(b"")
    with pytest.raises(LakeError, match="was not written by hydratrace"):
        ask(published, "SELECT 1")


def test_every_event_is_in_reach_and_the_case_file_has_the_concerned_ones(published: Lake) -> None:
    assert ask(published, "SELECT count(*) AS n FROM usage") == [{"n": 6}]
    assert ask(published, "SELECT count(*) AS n FROM all_usage") == [{"n": 7}]
    assert ask(published, "SELECT address FROM all_events WHERE event_id = 'u7'") == [{"address": "api.usage.v1/0@6"}]


@pytest.mark.parametrize(
    "endless",
    [
        "SELECT count(*) FROM range(1000000000000)",
        "WITH RECURSIVE x AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM x) SELECT count(*) FROM x",
    ],
)
def test_a_query_is_stopped_after_its_time(shared: Lake, endless: str) -> None:
    with pytest.raises(QueryError, match=r"stopped after 0\.2 s"):
        ask(shared, endless, Limits(seconds=0.2, memory_mib=512))


def test_a_query_cannot_take_more_memory_than_its_limit(shared: Lake) -> None:
    with pytest.raises(QueryError, match="Out of Memory"):
        ask(shared, "SELECT list(range) FROM range(100000000)", Limits(seconds=20, memory_mib=64))


def test_a_query_that_would_spill_is_told_of_memory_not_of_files(shared: Lake) -> None:
    with pytest.raises(QueryError, match="Out of Memory"):
        ask(shared, "SELECT count(*) FROM range(10000000) a, range(10000000) b", Limits(seconds=20, memory_mib=64))


def test_errors_are_one_line(shared: Lake) -> None:
    with pytest.raises(QueryError) as caught:
        ask(shared, "SELECT verdikt FROM clusters")
    assert "\n" not in str(caught.value) and "verdikt" in str(caught.value)


def test_no_case_file_says_publish(landed: Lake) -> None:
    with pytest.raises(LakeError, match="hydratrace publish"):
        open_case(landed.root, LIMITS)


@pytest.mark.parametrize("torn", [b"", b"not a database" * 1000])
def test_a_torn_case_file_is_one_clear_error(published: Lake, torn: bytes) -> None:
    path = published.root / "case.duckdb"
    path.unlink()
    path.write_bytes(torn)
    with pytest.raises(LakeError, match="cannot open"):
        open_case(published.root, LIMITS)


def test_a_torn_segment_is_named(published: Lake) -> None:
    segment = next((published.root / "segments").glob("*.duckdb"))
    segment.unlink()
    with pytest.raises(LakeError, match=segment.name):
        open_case(published.root, LIMITS)
