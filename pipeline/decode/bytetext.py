"""The bytes of a batch's records, one behind the other, read in columns: words and pieces of many records at once."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

WORD = 8
MASKS = [2 ** (8 * count) - 1 for count in range(WORD + 1)]


class Spans(NamedTuple):
    """Pieces [begin, end) of a text, one a record."""

    begins: Positions
    ends: Positions


class ByteText:
    """Bytes as numbers (`octets`), and at each of them the eight bytes from there on as one number (`words`)."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.octets = np.frombuffer(content, np.uint8)
        # Words overlap: each begins one byte after the one before.
        self.words: npt.NDArray[np.uint64] = np.ndarray((len(content) - WORD + 1,), "<u8", content, strides=(1,))

    def reads(self, expected: bytes, at: Positions) -> Flags:
        """Whether the text has these bytes at each of the positions."""
        same = np.ones(len(at), np.bool_)
        for start in range(0, len(expected), WORD):
            part = expected[start : start + WORD]
            same &= (self.words[at + start] & np.uint64(MASKS[len(part)])) == np.uint64(int.from_bytes(part, "little"))
        return same

    def pieces(self, spans: Spans) -> pa.StringArray:
        """The pieces as an array: one at least, in the order of the text, ASCII."""
        count = len(spans.begins)
        # Every other text of this array is one of ours.
        bounds = np.empty(2 * count, np.int32)
        bounds[0::2], bounds[1::2] = spans
        every = pa.StringArray.from_buffers(2 * count - 1, pa.py_buffer(bounds), pa.py_buffer(self.content))
        return every.take(pa.array(np.arange(0, 2 * count, 2)))

    def listed(self, spans: Spans) -> tuple[npt.NDArray[np.uint8], Positions]:
        """The pieces with a comma behind each, as one text, and where these commas are."""
        pieces = self.pieces(Spans(spans.begins, spans.ends + 1))
        _, offsets, octets = pieces.buffers()
        commas = np.frombuffer(offsets, np.int32)[1 : len(pieces) + 1].astype(np.int64) - 1
        text = np.frombuffer(octets, np.uint8)[: commas[-1] + 1].copy()
        text[commas] = ord(",")
        return text, commas
