import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from pipeline.contract.arrow import ARROW_TYPES, arrow_schema
from pipeline.contract.ddl import DUCKDB_TYPES, comments, create_table, parquet_source, quoted
from pipeline.contract.tables import BY_NAME, EVENT_TABLES, RUN_TABLES, TABLES, Home, Table

EVERY_TABLE = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@EVERY_TABLE
def test_arrow_and_duckdb_agree_on_names_and_types(table: Table) -> None:
    connection = duckdb.connect()
    connection.execute(create_table(table))
    read = connection.sql(f'FROM "{table.name}"').to_arrow_table().schema
    wanted = arrow_schema(table)
    # DuckDB hands timestamps over in the session's zone: the same instants under another label.
    zoned = {field.name for field in wanted if pa.types.is_timestamp(field.type)}
    assert {name for name in read.names if pa.types.is_timestamp(read.field(name).type)} == zoned
    assert [(f.name, _plain(f.type)) for f in read if f.name not in zoned] == [
        (f.name, _plain(f.type)) for f in wanted if f.name not in zoned
    ]


def _plain(kind: pa.DataType) -> str:
    return f"list<{kind.value_type}>" if pa.types.is_list(kind) else str(kind)


@EVERY_TABLE
def test_duckdb_knows_every_comment(table: Table) -> None:
    connection = duckdb.connect()
    connection.execute(create_table(table))
    for comment in comments(table):
        connection.execute(comment)
    told = connection.execute(
        "SELECT column_name, comment, is_nullable FROM duckdb_columns() WHERE NOT internal"
    ).fetchall()
    assert told == [(column.name, column.description, column.nullable) for column in table.columns]
    assert connection.execute("SELECT comment FROM duckdb_tables()").fetchone() == (f"One row per {table.grain}.",)


@EVERY_TABLE
def test_every_column_is_described_and_named_once(table: Table) -> None:
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    assert all(column.description.endswith((".", "…")) for column in table.columns)
    assert not table.partition_by or table.partition_by in names


@EVERY_TABLE
def test_delta_keeps_every_type(table: Table, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = str(tmp_path_factory.mktemp("delta"))
    made = DeltaTable.create(folder, schema=arrow_schema(table))
    kept = pa.schema(made.schema().to_arrow())
    assert [(f.name, _plain(f.type), f.nullable) for f in kept] == [
        (f.name, _plain(f.type), f.nullable) for f in arrow_schema(table)
    ]


def test_each_column_type_has_an_arrow_and_a_duckdb_type() -> None:
    assert ARROW_TYPES.keys() == DUCKDB_TYPES.keys()
    assert {column.type for table in TABLES for column in table.columns} <= ARROW_TYPES.keys()


def test_names_are_unique_and_homes_are_complete() -> None:
    assert len(BY_NAME) == len(TABLES)
    assert [table.name for table in EVENT_TABLES] == ["signup", "payment", "usage", "action"]
    assert all(table.columns[0].name == "run_id" for table in RUN_TABLES)
    assert all(table.home is Home.RUN for table in RUN_TABLES)


def test_an_event_row_has_its_address_and_its_day() -> None:
    for table in EVENT_TABLES:
        names = [column.name for column in table.columns]
        assert names[-6:] == ["event_date", "_topic_id", "_topic", "_partition", "_offset", "_landed_at"]
        assert table.partition_by == "event_date"


def test_columns_that_an_older_file_lacks_are_null(tmp_path) -> None:
    table = BY_NAME["decisions"]
    old = tmp_path / "it's old.parquet"
    duckdb.sql("SELECT 'c' AS cluster_uid, 'because' AS reason, 1 AS dropped_since").write_parquet(str(old))
    new = tmp_path / "new.parquet"
    columns = ", ".join(f"NULL::{DUCKDB_TYPES[c.type]} AS {c.name}" for c in table.columns if c.name != "cluster_uid")
    duckdb.sql(f"SELECT 'd' AS cluster_uid, {columns}").write_parquet(str(new))
    for files in ([str(old), str(new)], [str(new), str(old)]):
        read = duckdb.sql(parquet_source(table, files))
        assert read.columns == [column.name for column in table.columns]
        assert sorted(duckdb.sql("SELECT cluster_uid, reason FROM read").fetchall()) == [("c", "because"), ("d", None)]


def test_columns_that_every_file_lacks_are_null(tmp_path) -> None:
    table = BY_NAME["decisions"]
    file = tmp_path / "old.parquet"
    duckdb.sql("SELECT 'c' AS cluster_uid, 7::TINYINT AS reason").write_parquet(str(file))
    read = duckdb.sql(parquet_source(table, [str(file)]))
    assert read.types == duckdb.sql(parquet_source(table, [])).types
    rows = [dict(zip(read.columns, row, strict=True)) for row in read.fetchall()]
    assert rows == [{c.name: {"cluster_uid": "c", "reason": "7"}.get(c.name) for c in table.columns}]


def test_no_file_is_an_empty_relation_of_the_same_shape() -> None:
    table = BY_NAME["usage"]
    read = duckdb.sql(parquet_source(table, []))
    assert read.fetchall() == []
    assert [str(kind) for kind in read.types] == [
        DUCKDB_TYPES[c.type].replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE") for c in table.columns
    ]


def test_a_quote_in_a_literal_stays_inside() -> None:
    text = "'; DROP TABLE x; --"
    assert duckdb.sql(f"SELECT {quoted(text)}").fetchall() == [(text,)]
