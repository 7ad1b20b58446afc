"""DuckDB types, table definitions and comments of the contract's tables."""

from pipeline.contract.tables import Table

DUCKDB_TYPES: dict[str, str] = {
    "string": "VARCHAR",
    "int": "BIGINT",
    "float": "DOUBLE",
    "bool": "BOOLEAN",
    "timestamp": "TIMESTAMPTZ",
    "date": "DATE",
    "list<int>": "BIGINT[]",
    "list<string>": "VARCHAR[]",
}


def quoted(text: str) -> str:
    """`text` as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def create_table(table: Table) -> str:
    """CREATE TABLE statement of `table`."""
    columns = ", ".join(f'"{c.name}" {DUCKDB_TYPES[c.type]}{"" if c.nullable else " NOT NULL"}' for c in table.columns)
    return f'CREATE TABLE "{table.name}" ({columns})'


def comments(table: Table) -> list[str]:
    """COMMENT statements for `table` and each of its columns."""
    made = [f'COMMENT ON TABLE "{table.name}" IS {quoted("One row per " + table.grain + ".")}']
    made.extend(f'COMMENT ON COLUMN "{table.name}"."{c.name}" IS {quoted(c.description)}' for c in table.columns)
    return made


def parquet_source(table: Table, files: list[str]) -> str:
    """SELECT over exactly these Parquet files, with the contract's columns and types whatever the files' own.

    Columns that some or all files lack are NULL. No file: an empty relation of the same shape.
    """
    none = ", ".join(f'NULL::{DUCKDB_TYPES[c.type]} AS "{c.name}"' for c in table.columns)
    if not files:
        return f"SELECT {none} WHERE false"
    cast = ", ".join(f'"{c.name}"::{DUCKDB_TYPES[c.type]} AS "{c.name}"' for c in table.columns)
    listed = ", ".join(quoted(file) for file in files)
    options = "union_by_name=true, hive_partitioning=true, hive_types_autocast=false"
    # The relation without rows has the columns that no file has.
    every = f"SELECT {none} WHERE false UNION ALL BY NAME FROM read_parquet([{listed}], {options})"
    return f"SELECT {cast} FROM ({every})"
