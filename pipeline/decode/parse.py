"""From bytes to typed records, each record either good or with its problem."""

import contextlib
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from msgspec.structs import astuple

from pipeline.contract.events import Event
from pipeline.contract.schema import event_fields
from pipeline.decode.reasons import Problem, Reason
from pipeline.decode.structure import inspect

MAX_BYTES = 2**20
# Records parsed together: their bytes and objects stay in the processor's cache, and a bad one holds up only these.
GROUP = 256
AT_PATH = re.compile(r" - at `(\$[^`]*)`$")
MISSING = re.compile(r"Object missing required field `(\w+)`")
EXPECTED = re.compile(r"Expected `[^`]*`(?:, got `[^`]*`| (?:>=|<=|of length).*)$")

# msgspec's wording (0.22) → the rule that was broken; the first that fits counts.
WORDINGS = (
    ("timezone component", Reason.TIME_WITHOUT_OFFSET),
    ("Number out of range", Reason.NON_FINITE),
    ("out of range", Reason.OUT_OF_RANGE),
    ("`int` >=", Reason.OUT_OF_RANGE),
    ("`int` <=", Reason.OUT_OF_RANGE),
    ("of length", Reason.OUT_OF_RANGE),
    ("Invalid enum value", Reason.UNKNOWN_VALUE),
)


class Parsed(NamedTuple):
    """Good records as columns (field → a value a record), their places in the batch, and the problems of the rest."""

    places: list[int]
    columns: dict[str, tuple[Any, ...]]
    problems: dict[int, Problem]


class Parser:
    """Parses values of one topic's record type; `inspected` ones are known to be sound in structure."""

    def __init__(self, record: type[Event], *, inspected: bool = False) -> None:
        self._inspected = inspected
        self._decode: Callable[[Any], Event] = msgspec.json.Decoder(record).decode
        self._fields = tuple(name for name, _, _ in event_fields(record))
        self._known = frozenset(self._fields)
        self._required = tuple(required for _, _, required in event_fields(record))
        self._textual = tuple(_is_textual(f.type) for f in msgspec.structs.fields(record))

    def parse(self, values: Sequence[bytes | None]) -> Parsed:
        """Parse a batch; every index ends in exactly one of `places` and `problems`."""
        places: list[int] = []
        columns: list[list[Any]] = [[] for _ in self._fields]
        problems: dict[int, Problem] = {}
        for start in range(0, len(values), GROUP):
            group = self._group(values[start : start + GROUP])
            places.extend(start + place for place in group.places)
            problems |= {start + place: problem for place, problem in group.problems.items()}
            for column, more in zip(columns, group.columns.values(), strict=True):
                column.extend(more)
        return Parsed(places, dict(zip(self._fields, map(tuple, columns), strict=True)), problems)

    def _group(self, values: Sequence[bytes | None]) -> Parsed:
        text = b"\n".join(value for value in values if value)
        places, records, problems = self._records(values, text)
        columns = list(zip(*map(astuple, records), strict=True)) if records else [()] * len(self._fields)
        if not self._inspected and (problems or _quotes(text) != self._least_quotes(columns)):
            broken = self._inspect_suspects(values, places, records)
            problems |= broken
            kept = [row for row, place in enumerate(places) if place not in broken]
            places = [places[row] for row in kept]
            columns = [tuple(column[row] for row in kept) for column in columns]
        return Parsed(places, dict(zip(self._fields, columns, strict=True)), problems)

    def _records(
        self, values: Sequence[bytes | None], text: bytes
    ) -> tuple[list[int], list[Event], dict[int, Problem]]:
        """Places and records of the good ones, problems of the rest; `text` has all values."""
        ascii_only = text.isascii()
        if ascii_only and len(text) <= MAX_BYTES:
            # One call for all, where all are good; else each by itself.
            with contextlib.suppress(msgspec.MsgspecError, RecursionError, TypeError):
                return list(range(len(values))), list(map(self._decode, values)), {}
        places: list[int] = []
        records: list[Event] = []
        problems: dict[int, Problem] = {}
        for place, value in enumerate(values):
            if value is None:
                problems[place] = Problem(Reason.TOMBSTONE)
                continue
            if len(value) > MAX_BYTES:
                problems[place] = Problem(Reason.TOO_LARGE, f"{len(value)} bytes, at most {MAX_BYTES}")
                continue
            try:
                if not ascii_only:
                    value.decode()  # msgspec does not look inside the fields it skips
                records.append(self._decode(value))
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                problems[place] = self._classify(value, error)
            else:
                places.append(place)
        return places, records, problems

    def _least_quotes(self, columns: Sequence[tuple[Any, ...]]) -> int:
        """Return the fewest quotation marks that records with these values can be written with.

        A set field needs two for its key, and two more for a text. So a batch, and with it each of its records, that
        has no more than these has no other key, no nested one, and none twice.
        """
        marks = 0
        for column, textual, required in zip(columns, self._textual, self._required, strict=True):
            whole = required or all(column)  # where true, three times as fast as to count
            present = len(column) if whole else len(column) - column.count(None)
            marks += (4 if textual else 2) * present
        return marks

    def _inspect_suspects(
        self, values: Sequence[bytes | None], places: list[int], records: list[Event]
    ) -> dict[int, Problem]:
        problems = {}
        for place, record in zip(places, records, strict=True):
            value = values[place] or b""
            if value.count(b'"') != self._least_quotes([(field,) for field in astuple(record)]):
                problem = inspect(value, self._known)
                if problem:
                    problems[place] = problem
        return problems

    def _classify(self, value: bytes, error: Exception) -> Problem:
        if isinstance(error, UnicodeDecodeError):
            return Problem(Reason.NOT_UTF8, "not UTF-8")
        deeper = inspect(value, self._known)
        if deeper:
            return deeper
        if isinstance(error, msgspec.ValidationError):
            return _explain(str(error))
        return Problem(Reason.NOT_JSON, "malformed JSON")


def _quotes(text: bytes) -> int:
    return int(np.count_nonzero(np.frombuffer(text, dtype=np.uint8) == ord('"')))


def _explain(message: str) -> Problem:
    at = AT_PATH.search(message)
    path = at.group(1) if at else "$"
    text = message[: at.start()] if at else message
    missing = MISSING.match(text)
    if missing:
        return Problem(Reason.MISSING_FIELD, "required", f"{path}.{missing.group(1)}")
    if path == "$":
        return Problem(Reason.NOT_OBJECT, "expected an object")
    reason = next((reason for wording, reason in WORDINGS if wording in text), Reason.WRONG_TYPE)
    detail = text if EXPECTED.match(text) else reason.description
    return Problem(reason, detail.replace("`", ""), path)


def _is_textual(kind: Any) -> bool:
    """Whether every value of the type is written in quotation marks."""
    info = msgspec.inspect.type_info(kind)
    while isinstance(info, msgspec.inspect.Metadata):
        info = info.type
    options = info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)
    unquoted = (msgspec.inspect.IntType, msgspec.inspect.FloatType, msgspec.inspect.ListType)
    return not any(isinstance(option, unquoted) for option in options)
