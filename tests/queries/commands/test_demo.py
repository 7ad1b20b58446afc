from pathlib import Path

import pytest

from pipeline.lake import Lake
from queries.cli import main

SMALL = ["--accounts", "120", "--operators", "1", "--days", "3"]


def test_the_whole_path_runs_in_a_folder_beside_twice_and_ends_with_what_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert main(["demo", "a demo", *SMALL]) == 0
        assert b"accounts accused; precision" in capfdbinary.readouterr().out
        assert len(Lake.open(tmp_path / "a demo" / "lake").runs()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a demo"]
    assert main(["--settings", "a demo/hydratrace.toml", "query", "clusters_ranked"]) == 0


def test_a_folder_that_is_not_a_demos_stays_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("x")
    assert main(["demo", str(tmp_path)]) == 2
    assert "is not a demo's folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
