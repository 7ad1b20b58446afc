import argparse
from pathlib import Path

import pytest

from queries.document import commands_document, documents, main

DOCS = Path(__file__).parents[2] / "docs"


def test_the_documents_in_the_checkout_are_fresh() -> None:
    stale = [name for name, text in documents().items() if (DOCS / name).read_text(encoding="utf-8") != text]
    assert stale == [], "run make docs"


def test_checking_says_what_is_stale_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 0
    assert main([str(tmp_path), "--check"]) == 0
    (tmp_path / "contract.md").write_text("old", encoding="utf-8")
    (tmp_path / "queries.md").unlink()
    assert main([str(tmp_path), "--check"]) == 1
    told = capsys.readouterr().err
    assert told == "".join(f"{tmp_path / name} is stale: run make docs\n" for name in ("contract.md", "queries.md"))
    assert (tmp_path / "contract.md").read_text(encoding="utf-8") == "old"


def test_a_command_line_is_written_down_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")  # no terminal's width may change a document
    parser = argparse.ArgumentParser(prog="tool", description="Does it.")
    sub = parser.add_subparsers().add_parser("go", description="Goes.")
    sub.add_argument("place", help="where to <go>")
    sub.add_argument("--speed", type=int, default=3, metavar="N", help="in km/h (default %(default)s)")
    sub.add_argument("-q", "--quietly", action="store_true", help="without a word")
    assert commands_document(parser) == (
        "# Commands\n\nDoes it.\n\n\n## tool go\n\nGoes.\n\n"
        "| argument | meaning |\n| --- | --- |\n"
        "| `PLACE` | where to \\<go> |\n"
        "| `--speed N` | in km/h (default 3) |\n"
        "| `-q, --quietly` | without a word |\n"
        "\nExit status: 0 done, 1 ran and failed, 2 wrong use or wrong settings.\n"
    )
