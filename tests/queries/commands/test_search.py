import io
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from pipeline.lake import Lake
from pipeline.privacy.keyfile import load_key
from pipeline.privacy.tokens import Tokens
from queries.casefile.publish import publish
from queries.cli import main


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text("07" * 32)
    path.chmod(0o600)
    return path


@pytest.fixture
def lake(tmp_path: Path, key_file: Path, world: dict[str, pa.Table], write_run) -> Lake:
    """A lake with one sign-up whose tokens were made with the key in `key_file`."""
    key = load_key(key_file)
    lake = Lake.create(tmp_path / "lake", key.check)
    rows = world["signup"].slice(0, 1).to_pylist()
    rows[0]["email_key"] = Tokens(key).token("email", "ann@mail.example")
    write_deltalake(lake.table("signup"), pa.Table.from_pylist(rows, schema=world["signup"].schema), mode="append")
    write_run(lake, {})
    publish(lake)
    return lake


def ask(monkeypatch: pytest.MonkeyPatch, value: str, *arguments: object) -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO(value))
    return main(["search", *map(str, arguments)])


def test_finds_the_holder_and_never_shows_the_value(
    lake: Lake, key_file: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    flags = ("--lake", lake.root, "--key-file", key_file, "--format", "csv")
    assert ask(monkeypatch, "Ann+promo@mail.example\n", *flags) == 0
    out, err = capfd.readouterr()
    assert [line.split(",")[2] for line in out.splitlines()] == ["account_id", "a1"]
    assert "email: v1:" in err
    assert "ann" not in (out + err).lower()


def test_another_key_is_refused(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.write_text("08" * 32)
    other.chmod(0o600)
    assert ask(monkeypatch, "x", "--lake", lake.root, "--key-file", other) == 1
    assert "is not the one that the lake" in capfd.readouterr().err


def test_nothing_to_search_for_is_wrong_use(
    lake: Lake, key_file: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ask(monkeypatch, " \n", "--lake", lake.root, "--key-file", key_file) == 2
    assert "nothing to search for" in capfd.readouterr().err
