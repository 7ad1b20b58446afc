"""A batch's records as lines of one text, with their quotation marks."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pipeline.decode.bytetext import ByteText, Flags, Positions

MARK, BLANK, BACKSLASH = b'" \\'
DELETE = 127  # the last character of ASCII


class Lines(NamedTuple):
    """Records at [begin, end) of a text: their numbers, and `marks`, where the text's quotation marks are.

    `firsts` has the number of each record's first mark, `counts` how many it has.
    """

    text: ByteText
    marks: Positions
    numbers: Positions
    begins: Positions
    ends: Positions
    firsts: Positions
    counts: Positions

    def some(self, which: Flags) -> "Lines":
        """Some of the records."""
        return Lines(self.text, self.marks, *(each[which] for each in self[2:]))


def lines_of(records: Sequence[bytes], padding: int) -> Lines:
    """Those of the records that are ASCII without escapes: so every quotation mark begins or ends a text.

    The text goes on for `padding` bytes behind the last record.
    """
    content = b"".join((*records, b" " * padding))
    text = ByteText(content)
    lengths = np.fromiter(map(len, records), np.int64, len(records))
    ends = np.cumsum(lengths)
    begins = ends - lengths
    marks = np.flatnonzero(text.octets == MARK)
    firsts = np.searchsorted(marks, begins)
    counts = np.diff(firsts, append=len(marks))
    lines = Lines(text, marks, np.arange(len(records)), begins, ends, firsts, counts)
    sound: Flags = (counts > 0) & (counts % 2 == 0)
    if not content.isascii() or BACKSLASH in content or text.octets.min() < BLANK:
        strange = (text.octets < BLANK) | (text.octets > DELETE) | (text.octets == BACKSLASH)
        sound[np.searchsorted(ends, np.flatnonzero(strange), side="right")] = False
    return lines if sound.all() else lines.some(sound)
