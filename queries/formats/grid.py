"""Rows as a table that fits the terminal: wide cells are wrapped, nothing is cut off."""

import itertools
import unicodedata
from datetime import datetime
from typing import Any, BinaryIO

import pyarrow as pa

from queries.formats.cells import is_number, text_of
from queries.terminal import plain

# Nobody reads further, and the widths of a table need all its rows at once.
MOST_ROWS = 1000
GAP = "  "
# Below this a wrapped cell is a column of syllables.
NARROWEST = 12
# Sentences narrower than this cost more height than wrapping a name does.
READABLE = 24

Cells = list[list[str]]


def write_table(reader: pa.RecordBatchReader, out: BinaryIO, width: int | None) -> None:
    """Write the first MOST_ROWS rows, and say when there are more; one row that does not fit is written upright."""
    rows = list(itertools.islice(_rows(reader), MOST_ROWS + 1))
    lines = render(reader.schema.names, rows[:MOST_ROWS], width)
    if not rows:
        lines.append("(no rows)")
    if len(rows) > MOST_ROWS:
        lines.append(f"(the first {MOST_ROWS} rows; --format csv, json or parquet has them all)")
    out.write(("\n".join(lines) + "\n").encode())


def render(names: list[str], rows: list[list[Any]], width: int | None) -> list[str]:
    """Lines of the table, each at most `width` wide where that can be done."""
    cells = [[plain(text_of(_brief(value))) for value in row] for row in rows]
    header = [plain(name) for name in names]
    widths = [max(map(display_width, column)) for column in zip(header, *cells, strict=True)]
    if width is not None and _total(widths) > width:
        if len(rows) == 1:
            return _upright(header, cells[0], width)
        prose = [any(" " in cell for cell in column) for column in zip(*cells, strict=True)]
        widths = _shrunk(widths, prose, width)
    right = [all(value is None or is_number(value) for value in column) for column in zip(*rows, strict=True)]
    right = right or [False] * len(header)
    lines = [*_lines(header, widths, right), GAP.join("─" * size for size in widths)]
    for row in cells:
        lines += _lines(row, widths, right)
    return lines


def display_width(text: str) -> int:
    """Columns that a terminal gives `text`: wide East Asian characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines at most `width` wide, broken at spaces where there are any."""
    lines: list[str] = []
    while display_width(text) > width:
        cut = _fitting(text, width)
        space = text.rfind(" ", 1, cut + 1)
        cut = space if space > 0 else cut
        lines.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*lines, text]


def _rows(reader: pa.RecordBatchReader) -> Any:
    for batch in reader:
        columns = [column.to_pylist() for column in batch.columns]
        yield from (list(row) for row in zip(*columns, strict=True))


def _brief(value: Any) -> Any:
    """A time to the second: CSV, JSON and Parquet have the rest."""
    return value.replace(microsecond=0) if isinstance(value, datetime) else value


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _fitting(text: str, width: int) -> int:
    used = 0
    for at, character in enumerate(text):
        used += _columns(character)
        if used > width:
            return max(at, 1)
    return len(text)


def _total(widths: list[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _shrunk(widths: list[int], prose: list[bool], width: int) -> list[int]:
    """Take from the widest column until the table fits: sentences first, then names and times, as far as they go."""
    widths = list(widths)
    for least, only_prose in ((READABLE, True), (NARROWEST, False)):
        while _total(widths) > width:
            giving = [at for at, size in enumerate(widths) if size > least and (prose[at] or not only_prose)]
            if not giving:
                break
            widths[max(giving, key=lambda at: widths[at])] -= 1
    return widths


def _lines(row: list[str], widths: list[int], right: list[bool]) -> list[str]:
    columns = [wrapped(cell, size) for cell, size in zip(row, widths, strict=True)]
    lines = []
    for parts in itertools.zip_longest(*columns, fillvalue=""):
        padded = [_padded(*cell) for cell in zip(parts, widths, right, strict=True)]
        lines.append(GAP.join(padded).rstrip())
    return lines


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * max(0, width - display_width(text))
    return space + text if right else text + space


def _upright(header: list[str], row: list[str], width: int) -> list[str]:
    names = max(map(display_width, header))
    lines: list[str] = []
    for name, cell in zip(header, row, strict=True):
        first, *rest = wrapped(cell, max(NARROWEST, width - names - len(GAP)))
        lines.append(f"{_padded(name, names, False)}{GAP}{first}".rstrip())
        lines += [" " * names + GAP + line for line in rest]
    return lines
