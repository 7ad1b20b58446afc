"""Reads plainly written records in columns: the same values as the parser's, without an object for each."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from pipeline.contract.events import Event
from pipeline.contract.schema import event_fields
from pipeline.decode.bytetext import ByteText, Flags, Positions, Spans
from pipeline.decode.lines import lines_of
from pipeline.decode.plain_values import Reader, reader_of
from pipeline.decode.walk import NOWHERE, PADDING, Walk

BLOCK = 5_000  # records read together: larger ones leave the processor's cache, and Arrow counts bytes with 32 bits
LONGEST = 8 * 2**10  # bytes of a record: larger ones have a prompt, and are not read here
LEAST = 30  # records that are alike, and so worth their hundred calls


class Plain(NamedTuple):
    """Good records: their places in the batch, ascending, and field → column, null where a record has no value."""

    places: Positions
    columns: dict[str, pa.Array]


class PlainReader:
    """Reads records of one type that are plainly written, as machines do.

    Such a record is ASCII without escapes, has known fields only, none twice and none that is dropped, and is written
    like `least` others. Each of its bytes is compared with theirs or in a value, and a value is the same wherever it
    stands: a text holds no quotation mark, all else is read as the parser reads it. So no record is read that the
    parser rejects, and none otherwise than it does; which ones are read is of no consequence.
    """

    def __init__(self, record: type[Event], least: int = LEAST) -> None:
        self._least = least
        kinds = {field.name: field.type for field in msgspec.structs.fields(record)}
        fields = [
            (name, reader_of(kinds[name])) for name, storage, _ in event_fields(record) if storage.how != "dropped"
        ]
        self._readers: dict[str, Reader] = {name: reader for name, reader in fields if reader}
        self._written = {name: reader.written for name, reader in self._readers.items()}
        self._required = frozenset(name for name, _, required in event_fields(record) if required)

    def read(self, values: Sequence[bytes | None]) -> Plain:
        """Read what is plainly written; all else is left to the parser."""
        blocks = [self._block(values, start) for start in range(0, max(1, len(values)), BLOCK)]
        return Plain(
            np.concatenate([block.places for block in blocks]),
            {name: pa.concat_arrays([block.columns[name] for block in blocks]) for name in self._readers},
        )

    def _block(self, values: Sequence[bytes | None], start: int) -> Plain:
        block = values[start : start + BLOCK]
        lines = lines_of([value if value and len(value) <= LONGEST else b"" for value in block], PADDING)
        walk = Walk(self._written, self._required, self._least, len(block))
        walk.walk(lines)
        columns = {}
        good = np.ones(np.count_nonzero(walk.found), np.bool_)
        for name, reader in self._readers.items():
            columns[name], sound = _column(reader, lines.text, walk.values(name))
            good &= sound
        places = np.flatnonzero(walk.found)[good] + start
        if not good.all():
            columns = {name: column.filter(pa.array(good)) for name, column in columns.items()}
        return Plain(places, columns)


def _column(reader: Reader, text: ByteText, spans: Spans) -> tuple[pa.Array, Flags]:
    """The values at these places as a column, and whether each is good; null, which is good, where there is none."""
    present = spans.begins != NOWHERE
    if not present.any():
        return pa.nulls(len(present), reader.arrow), ~present
    if present.all():
        return reader.read(text, spans)
    values, sound = reader.read(text, Spans(spans.begins[present], spans.ends[present]))
    good = ~present
    good[present] = sound
    return values.take(pa.array(np.cumsum(present) - 1, mask=~present)), good
