"""Rows as CSV (RFC 4180 with plain line feeds) that a spreadsheet opens without running anything."""

import csv
import io
from typing import Any, BinaryIO

import pyarrow as pa

from queries.formats.cells import is_safe, text_of
from queries.terminal import plain

# What a spreadsheet takes for the start of a formula, or strips before one.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(reader: pa.RecordBatchReader, out: BinaryIO, width: int | None) -> None:
    """Write a header and every row; control characters are escaped, on a terminal line feeds too.

    A file of evidence ends on somebody's terminal as well.
    """
    shown = plain if width is not None else _plain_lines
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([shown(csv_cell(name)) for name in reader.schema.names])
    for batch in reader:
        for row in batch.to_pylist():
            writer.writerow([shown(csv_cell(value)) for value in row.values()])
    text.detach()


def _plain_lines(text: str) -> str:
    return "\n".join(map(plain, text.split("\n")))


def csv_cell(value: Any) -> str:
    """`value` as text; what a spreadsheet could take for a formula is led by an apostrophe."""
    text = text_of(value)
    return "'" + text if not is_safe(value) and text.startswith(FORMULA) else text
