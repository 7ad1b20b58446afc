"""From a batch of foreign records to a batch of our events: the address of an event is that of its record."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import msgspec

from pipeline.decode.parse import MAX_BYTES
from pipeline.decode.reasons import Problem, Reason
from pipeline.decode.structure import inspect
from pipeline.formats.mapping import ABSENT, Fields, Format, Item, Reader, Source, as_it_is, json_path, keys, look_up
from pipeline.sources.batch import PolledBatch

Compiled = tuple[tuple[str, tuple[tuple[str, ...], ...], Reader], ...]  # (field, paths, reader) of every field


class Origin(NamedTuple):
    """What an event was made from: a JSON path within its record, and the mapping that was used."""

    path: str
    fields: Fields


@dataclass(frozen=True, slots=True)
class Translated:
    """What became of a batch.

    `events` has our events in place of records, in the same order: a record that holds several is there several times,
    one that cannot be used once, without a value. `records` are the foreign records they were made from, `problems`
    those found so far, by place in `events`.
    """

    events: PolledBatch
    records: list[bytes | None]
    origins: list[Origin | None]
    problems: dict[int, Problem]

    def told(self, found: Mapping[int, Problem]) -> dict[int, Problem]:
        """Problems that were `found` with our events (place → problem), in terms of the foreign records."""
        return {place: _told(problem, self.origins[place]) for place, problem in found.items()} | self.problems


class Translator:
    """Translates records of one format; `moved` is field → pointer, where a field is not in its usual place."""

    def __init__(self, foreign: Format, moved: Mapping[str, str]) -> None:
        self._items = foreign.items
        self._shapes = {shape: relocated(fields, moved) for shape, fields in foreign.shapes.items()}
        self._compiled: dict[str, Compiled] = {
            shape: tuple((name, tuple(map(keys, source.pointers)), source.read) for name, source in fields.items())
            for shape, fields in self._shapes.items()
        }

    def translate(self, polled: PolledBatch) -> Translated:
        """Translate a batch; never raises, whatever it holds."""
        places: list[int] = []
        values: list[bytes | None] = []
        origins: list[Origin | None] = []
        problems: dict[int, Problem] = {}
        for place, record in enumerate(polled.values):
            for origin, made in self._events(record):
                if isinstance(made, Problem):
                    problems[len(places)] = made
                places.append(place)
                origins.append(origin)
                values.append(None if isinstance(made, Problem) else made)
        events = replace(
            polled,
            offsets=[polled.offsets[place] for place in places],
            values=values,
            keys=[polled.keys[place] for place in places] if polled.keys else None,
            times=[polled.times[place] for place in places] if polled.times else None,
        )
        return Translated(events, [polled.values[place] for place in places], origins, problems)

    def _events(self, record: bytes | None) -> Iterator[tuple[Origin | None, bytes | Problem]]:
        content = _content(record)
        if isinstance(content, Problem):
            yield None, content
            return
        seen: set[str] = set()
        origin = None
        for item in self._items(content):
            event, origin = self._event(item), Origin(item.path, self._shapes[item.shape])
            event_id = event.get("event_id")
            if isinstance(event_id, str) and event_id in seen:  # an address and an event_id together name one row
                yield origin, Problem(Reason.UNMAPPABLE, "an item before it in the record has its event_id", item.path)
                continue
            if isinstance(event_id, str):
                seen.add(event_id)
            yield origin, msgspec.json.encode(event)
        if origin is None:
            yield None, Problem(Reason.IRRELEVANT)

    def _event(self, item: Item) -> dict[str, Any]:
        event: dict[str, Any] = {}
        for name, paths, read in self._compiled[item.shape]:
            for path in paths:
                found = look_up(item.content, path)
                if found in ABSENT:
                    continue
                value = read(found)
                if value is not None:
                    event[name] = value
                    break
        return event


def relocated(fields: Fields, moved: Mapping[str, str]) -> Fields:
    """Return the mapping with fields taken from the pointers in `moved` (field → pointer), new fields included."""
    made = dict(fields)
    for name, pointer in moved.items():
        usual = fields.get(name)
        # A reader of the whole record would not understand a value.
        read = as_it_is if usual is None or usual.pointers == ("",) else usual.read
        made[name] = Source((pointer,), read)
    return made


def _told(problem: Problem, origin: Origin | None) -> Problem:
    name = problem.path.removeprefix("$.").partition("[")[0].partition(".")[0]
    source = origin.fields.get(name) if origin else None
    if origin is None or source is None:
        return problem
    path = origin.path + json_path(source.pointers[0])
    if problem.reason is not Reason.MISSING_FIELD:
        return problem._replace(path=path)
    looked = " or ".join(filter(None, source.pointers)) or "its places"
    return Problem(Reason.UNMAPPABLE, f"no {name} at {looked}", path)


def _content(record: bytes | None) -> Any:
    """Parse a record: its JSON value, or the Problem it has."""
    if record is None:
        return Problem(Reason.TOMBSTONE)
    if len(record) > MAX_BYTES:
        return Problem(Reason.TOO_LARGE, f"{len(record)} bytes, at most {MAX_BYTES}")
    try:
        record.decode()
    except UnicodeDecodeError:
        return Problem(Reason.NOT_UTF8, "not UTF-8")
    try:
        return inspect(record, frozenset()) or msgspec.json.decode(record)
    except msgspec.MsgspecError:
        return Problem(Reason.NOT_JSON, "malformed JSON")
