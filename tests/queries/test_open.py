from pathlib import Path

import duckdb
import pytest

import queries
from pipeline.errors import LakeError


def test_a_notebook_gets_arrow(published_root: Path) -> None:
    table = queries.open(published_root).sql("FROM clusters ORDER BY cluster_uid").to_arrow_table()
    assert table.column("cluster_uid").to_pylist() == ["op_1", "op_2"]


def test_two_connections_work_side_by_side(published_root: Path) -> None:
    first, second = queries.open(published_root), queries.open(str(published_root))
    assert first.sql("SELECT count(*) FROM all_usage").fetchall() == [(7,)]
    assert second.sql("SELECT count(*) FROM why_linked('a1', 'a2')").fetchall() == [(2,)]


def test_it_is_closed_off(published_root: Path) -> None:
    with pytest.raises(duckdb.PermissionException):
        queries.open(published_root).sql("FROM read_text('/etc/passwd')")


def test_no_lake_is_said(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="no lake at"):
        queries.open(tmp_path)
