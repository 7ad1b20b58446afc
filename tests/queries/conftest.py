"""The fixture world: two operators and one bystander, 6 accounts, 19 events, in world.json.

op_1 (a1, a2, a3) distils: a shared prepaid card, a conversation handed over after a 429, a shared template, a ban and
a successor. op_2 (b1, b2) is a company. h1 is honest and shares an address with a1. The run files are written by hand
from what the events say; nothing of graph/ runs here. Columns that a row does not name are null, or empty if required.
"""

import gc
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.ddl import create_table
from pipeline.contract.events import TOPIC_OF_TABLE
from pipeline.contract.tables import BY_NAME, RUN_TABLES, Home, Table
from pipeline.lake import Lake
from queries.casefile.contents import REJECTED_SQL
from queries.casefile.publish import publish
from queries.casefile.tables import ACCOUNTS, CASE_TABLES, REJECTED_COUNTS
from queries.casefile.tallies import ACCOUNTS_SQL
from queries.casefile.views import macros, views

# Everything in world.json lies before the ends that its run read.
POSITIONS = {f"id-{topic.name}/0": 20 for topic in TOPIC_OF_TABLE.values()}
START = datetime(2026, 6, 3, tzinfo=UTC)
NAMED = BY_NAME | {table.name: table for table in CASE_TABLES}
EMPTY = {"string": "", "int": 0, "float": 0.0, "bool": False, "timestamp": START, "date": START.date()}


def _arrow_table(name: str, rows: list[dict]) -> pa.Table:
    """Rows of the contract's table `name` from JSON objects."""
    table = NAMED[name]
    whole = [_whole(table, row, offset) for offset, row in enumerate(rows)]
    return pa.Table.from_pylist(whole, schema=arrow_schema(table))


def _whole(table: Table, row: dict, offset: int) -> dict:
    filled = {c.name: None if c.nullable else EMPTY.get(c.type, []) for c in table.columns}
    if table.home is Home.EVENTS:
        topic = TOPIC_OF_TABLE[table.name].name
        filled |= {"event_date": row["event_time"][:10], "_topic": topic, "_topic_id": f"id-{topic}"}
        filled |= {"_offset": offset}
    if "run_id" in filled:
        filled["run_id"] = "run-1"
    filled |= row
    return {c.name: _typed(c.type, filled[c.name]) for c in table.columns}


def _typed(kind: str, value: object) -> object:
    if isinstance(value, str) and kind == "timestamp":
        return datetime.fromisoformat(value)
    if isinstance(value, str) and kind == "date":
        return date.fromisoformat(value)
    return value


def _write_run(lake: Lake, tables: dict[str, pa.Table], run_id: str = "run-1") -> None:
    """Write a run's files and its `runs` row, as graph/ does."""
    listed = {}
    for table in RUN_TABLES:
        path = lake.run_file(run_id, table.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = tables.get(table.name, _arrow_table(table.name, []))
        pq.write_table(content, path)
        listed[path.name] = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "rows": content.num_rows}
    row = {"run_id": run_id, "started_at": START, "positions": json.dumps(POSITIONS), "files": json.dumps(listed)}
    write_deltalake(lake.table("runs"), _arrow_table("runs", [row]), mode="append")


@pytest.fixture(scope="session")
def world() -> dict[str, pa.Table]:
    content = json.loads((Path(__file__).parent / "world.json").read_text())
    return {name: _arrow_table(name, rows) for name, rows in content.items()}


@pytest.fixture(scope="session")
def landed_root(world: dict[str, pa.Table], tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = Lake.create(tmp_path_factory.mktemp("world") / "lake", "check")
    for name, rows in world.items():
        if BY_NAME[name].home is not Home.RUN:
            write_deltalake(lake.table(name), rows, mode="append")
    _write_run(lake, world)
    return lake.root


@pytest.fixture(scope="session")
def published_root(landed_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("published") / "lake"
    shutil.copytree(landed_root, root)
    publish(Lake.open(root))
    return root


@pytest.fixture
def landed(landed_root: Path, tmp_path: Path) -> Lake:
    """The world's lake, not yet published; yours to change."""
    shutil.copytree(landed_root, tmp_path / "lake")
    return Lake.open(tmp_path / "lake")


@pytest.fixture
def published(published_root: Path, tmp_path: Path) -> Lake:
    """The world's lake, published; yours to change."""
    shutil.copytree(published_root, tmp_path / "lake")
    return Lake.open(tmp_path / "lake")


@pytest.fixture(scope="session")
def open_tables(world: dict[str, pa.Table]) -> Iterator[Callable[[dict[str, pa.Table]], duckdb.DuckDBPyConnection]]:
    """Connection that holds the case file's tables, filled from the world or from what takes its place."""
    opened: list[duckdb.DuckDBPyConnection] = []
    of_world: list[duckdb.DuckDBPyConnection] = []

    def make(changed: dict[str, pa.Table]) -> duckdb.DuckDBPyConnection:
        if not changed and of_world:
            return of_world[0]
        connection = duckdb.connect()
        opened.append(connection)
        _fill(connection, world | changed)
        if not changed:
            of_world.append(connection)
        return connection

    yield make
    for connection in opened:
        connection.close()


def _fill(connection: duckdb.DuckDBPyConnection, tables: dict[str, pa.Table]) -> None:
    connection.execute("SET TimeZone = 'UTC'")
    for table in (*CASE_TABLES, BY_NAME["rejected"]):
        connection.execute(create_table(table))
    for name, rows in tables.items():
        connection.register("rows", rows)
        connection.execute(f'INSERT INTO "{name}" FROM rows')
    for statement in views():
        connection.execute(statement)
    connection.execute(f"INSERT INTO {ACCOUNTS.name} {ACCOUNTS_SQL}")
    connection.execute(f"INSERT INTO {REJECTED_COUNTS.name} {REJECTED_SQL.format(rejected='FROM rejected')}")
    for statement in macros():
        connection.execute(statement)


@pytest.fixture(scope="session")
def arrow_table() -> Callable[..., pa.Table]:
    """Rows of a contract table from JSON objects: (name, rows)."""
    return _arrow_table


@pytest.fixture(scope="session")
def write_run() -> Callable[..., None]:
    """Write a run into a lake: (lake, tables, run_id="run-1")."""
    return _write_run


def pytest_unconfigure() -> None:
    """Hypothesis leaves a callback that keeps modules alive at exit, of which DuckDB's binding complains at length."""
    gc.callbacks.clear()
