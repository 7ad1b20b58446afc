"""Sorted runs of events on disk, so that accounts can act one batch after another and be heard all at once."""

import heapq
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import IO, Any

import msgspec

from pipeline.simulator.account import ActionRecord, PaymentRecord, Record, SignupRecord, UsageRecord

# Time, place of the account's life among all lives, record: no two lives share a place, so events have one order.
Placed = tuple[int, int, Record]
_Line = tuple[int, int, bytes]

# So many runs become one, which bounds the files open and what is read ahead of each.
_FAN_IN = 64
_READ_AHEAD = 2**16
_RECORDS = (SignupRecord, PaymentRecord, UsageRecord, ActionRecord)
_NUMBER = {record: b"%d" % number for number, record in enumerate(_RECORDS)}


class Runs:
    """Runs of events in temporary files, which end with it (a context manager)."""

    def __init__(self) -> None:
        self._levels: list[list[IO[bytes]]] = []

    def __enter__(self) -> "Runs":
        return self

    def __exit__(self, *_: object) -> None:
        for level in self._levels:
            for file in level:
                file.close()

    def add(self, events: Iterable[Placed]) -> None:
        """Write events, which are in order."""
        encode = msgspec.json.Encoder().encode
        lines = ((time, place, b"%b%b\n" % (_NUMBER[type(record)], encode(record))) for time, place, record in events)
        self._keep(_written(lines), 0)

    def merged(self) -> Iterator[Placed]:
        """All events, in order."""
        decoders: list[msgspec.json.Decoder[Any]] = [msgspec.json.Decoder(record) for record in _RECORDS]
        for time, place, text in heapq.merge(*(_read(file) for level in self._levels for file in level)):
            yield time, place, decoders[text[0] - ord("0")].decode(memoryview(text)[1:])

    def _keep(self, file: IO[bytes], level: int) -> None:
        if level == len(self._levels):
            self._levels.append([])
        files = self._levels[level]
        files.append(file)
        if len(files) == _FAN_IN:
            self._keep(_written(heapq.merge(*map(_read, files))), level + 1)
            for merged in files:
                merged.close()
            files.clear()


def _written(lines: Iterable[_Line]) -> IO[bytes]:
    file = TemporaryFile(buffering=_READ_AHEAD)  # noqa: SIM115
    file.writelines(b"%d %d %b" % line for line in lines)
    return file


def _read(file: IO[bytes]) -> Iterator[_Line]:
    file.seek(0)
    for line in file:
        time, place, text = line.split(b" ", 2)
        yield int(time), int(place), text
