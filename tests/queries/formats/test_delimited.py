import csv
import io
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from queries.formats.delimited import csv_cell, write_csv


def written(table: pa.Table, width: int | None = None) -> str:
    out = io.BytesIO()
    write_csv(table.to_reader(), out, width)
    return out.getvalue().decode()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_takes_for_a_formula_is_led_by_an_apostrophe(start: str) -> None:
    assert csv_cell(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"
    assert csv_cell([f"{start}1"]) == f"'{start}1"


@pytest.mark.parametrize(("value", "text"), [(-5, "-5"), (-0.5, "-0.5"), (None, ""), ("a=b", "a=b"), (True, "true")])
def test_other_values_stay_as_they_are(value: object, text: str) -> None:
    assert csv_cell(value) == text


def test_a_csv_reader_gets_every_cell_back() -> None:
    values = ['quote " comma , newline \n end', "", "日本", "plain"]
    table = pa.table({"text": values, "at": [datetime(2026, 6, 1, tzinfo=UTC)] * 4})
    rows = list(csv.reader(io.StringIO(written(table), newline="")))
    assert rows == [["text", "at"], *[[value, "2026-06-01T00:00:00Z"] for value in values]]


def test_neither_a_terminal_nor_a_file_gets_escape_sequences() -> None:
    table = pa.table({"agent": ["\x1b[2J"]})
    for width in (80, None):
        assert "\x1b" not in written(table, width)
        assert "\\x1b[2J" in written(table, width)
