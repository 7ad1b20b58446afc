"""Rows as one JSON array, a row a line."""

import re
import unicodedata
from typing import Any, BinaryIO

import msgspec
import pyarrow as pa

from queries.terminal import UNSAFE

BEYOND_ASCII = re.compile(r"[^\x00-\x7e]")
ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=str)


def write_json(reader: pa.RecordBatchReader, out: BinaryIO, width: int | None) -> None:
    """Write every row; control and bidi characters are written as JSON escapes, so a terminal is safe too."""
    before = b"[\n"
    for batch in reader:
        for row in batch.to_pylist():
            out.write(before + json_line(row))
            before = b",\n"
    out.write(b"[]\n" if before == b"[\n" else b"\n]\n")


def json_line(row: dict[str, Any]) -> bytes:
    """`row` as a JSON object on one line."""
    return BEYOND_ASCII.sub(_escaped, ENCODER.encode(row).decode()).encode()


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if unicodedata.category(character) not in UNSAFE:
        return character
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
