"""Walks through many records at once, field by field, as long as they are written alike to the byte."""

import re
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

import numpy as np

from pipeline.decode.bytetext import WORD, Flags, Positions, Spans
from pipeline.decode.lines import BLANK, MARK, Lines

# From the end of a value, or the record's begin, up to the next value; its own end shows how that is written.
LEAD = re.compile(rb'[{,] ?"(\w+)": ?("|null|)', re.ASCII)
LONGEST_LEAD = 64
PADDING = LONGEST_LEAD + WORD  # how far a walk may look beyond the last record
DEAD_ENDS = 16  # after so many, what is left is not worth the search
NOWHERE = -1
NULL, N, CLOSE = b"null", ord("n"), ord("}")


class Written(Enum):
    """How a value that is not null is written: in quotation marks or without."""

    TEXT = b'"'
    BARE = b""


class Branch(NamedTuple):
    """Records that are alike up to `at`, behind `seen` of their quotation marks, and have had these keys."""

    lines: Lines
    at: Positions
    seen: int
    keys: frozenset[str]


class Walk:
    """Finds the values of records with `fields` (name → how its values are written), all `required` ones included.

    Of the `found` ones among `count` records every byte is in a lead or in a value, no key comes twice, and none that
    is not in `fields`. A lead shows its quotation marks, and a text ends at the next one: so it is always known which
    mark is the next.
    """

    def __init__(self, fields: Mapping[str, Written], required: frozenset[str], least: int, count: int) -> None:
        self._fields, self._required, self._least = fields, required, least
        self.found = np.zeros(count, np.bool_)
        self._spans = {name: Spans(np.full(count, NOWHERE), np.full(count, NOWHERE)) for name in fields}
        self._branches: list[Branch] = []
        self._dead_ends = 0

    def walk(self, lines: Lines) -> None:
        """Walk through the records, but for those of which fewer than `least` are alike."""
        self._branches.append(Branch(lines, lines.begins, 0, frozenset()))
        while self._branches and self._dead_ends < DEAD_ENDS:
            branch: Branch | None = self._branches.pop()
            while branch and len(branch.at) >= self._least:
                branch = self._step(branch)

    def values(self, field: str) -> Spans:
        """Where the found records have their values of a field; NOWHERE in those that have none."""
        begins, ends = self._spans[field]
        return self._spans[field] if self.found.all() else Spans(begins[self.found], ends[self.found])

    def _step(self, branch: Branch) -> Branch | None:
        """Go to the end of the next value with all that have the first one's lead; the others are another branch."""
        text, begin = branch.lines.text, int(branch.at[0])
        lead = LEAD.match(text.content, begin, begin + LONGEST_LEAD)
        if lead is None:
            self._arrive(branch)
            return None
        key, written = lead[1].decode(), lead[2]
        alike, value = text.reads(lead[0], branch.at), branch.at + len(lead[0])
        if not written:
            following = text.octets[value]
            alike &= (following != MARK) & (following != N)
        value = value[alike]
        branch = self._split(branch, alike)
        expected = self._fields.get(key)
        right_one = lead[0].startswith(b"," if branch.keys else b"{") and key not in branch.keys
        if right_one and written == NULL and expected and key not in self._required:
            return Branch(branch.lines, value, branch.seen + 2, branch.keys | {key})
        if right_one and expected and written == expected.value:
            return self._pass(branch, key, expected, value)
        self._dead_ends += 1
        return None

    def _pass(self, branch: Branch, key: str, written: Written, value: Positions) -> Branch:
        """Go on behind the values of one field, which begin at `value`."""
        lines = branch.lines
        if written is Written.TEXT:
            seen = branch.seen + 4
            end = lines.marks[lines.firsts + (seen - 1)]
            behind = end + 1
        else:
            seen = branch.seen + 2
            last = lines.counts == seen
            mark = lines.marks[np.where(last, 0, lines.firsts + seen)]
            blank = lines.text.octets[mark - 1] == BLANK
            behind = end = np.maximum(np.where(last, lines.ends, mark - blank) - 1, value)
        self._spans[key].begins[lines.numbers], self._spans[key].ends[lines.numbers] = value, end
        return Branch(lines, behind, seen, branch.keys | {key})

    def _arrive(self, branch: Branch) -> None:
        """Take what is at its end; else the first record is not plainly written, and left out."""
        lines = branch.lines
        there = (branch.at == lines.ends - 1) & (lines.text.octets[branch.at] == CLOSE)
        if there[0] and branch.keys >= self._required:
            self.found[lines.numbers[there]] = True
        else:
            self._dead_ends += 1
        there[0] = True
        self._split(branch, there)

    def _split(self, branch: Branch, which: Flags) -> Branch:
        """Leave the others behind as another branch."""
        if which.all():
            return branch
        for flags in (~which, which):
            part = branch._replace(lines=branch.lines.some(flags), at=branch.at[flags])
            self._branches.append(part)
        return self._branches.pop()
