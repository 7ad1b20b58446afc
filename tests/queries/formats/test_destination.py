from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.errors import UsageError
from queries.formats.destination import write

ROWS = pa.table({"a": [1]})


def test_a_file_appears_whole_in_the_place_of_an_old_one(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("old")
    write(ROWS.to_reader(), "csv", tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_text() == "a\n1\n"
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot write .*rows\.csv: No such file"):
        write(ROWS.to_reader(), "csv", tmp_path / "none" / "rows.csv")


@pytest.mark.parametrize("place", ["lake/case.duckdb", "lake/segments/x.csv", "link/case.duckdb", "lake/../lake/x"])
def test_nothing_is_written_into_a_lake(tmp_path: Path, place: str) -> None:
    (tmp_path / "lake" / "segments").mkdir(parents=True)
    (tmp_path / "lake" / "hydratrace.json").touch()
    (tmp_path / "lake" / "case.duckdb").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "lake")
    with pytest.raises(UsageError, match="is a lake"):
        write(ROWS.to_reader(), "csv", tmp_path / place)
    assert (tmp_path / "lake" / "case.duckdb").read_text() == "precious"
    assert sorted(path.name for path in (tmp_path / "lake").rglob("*")) == [
        "case.duckdb",
        "hydratrace.json",
        "segments",
    ]
