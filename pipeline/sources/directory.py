"""A folder of JSONL files as a source: `DIR/<topic>.jsonl` or `DIR/<topic>/*.jsonl`; growing files are followed."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from pipeline.decode.parse import MAX_BYTES
from pipeline.errors import SourceError
from pipeline.sources.batch import PolledBatch, Span
from pipeline.sources.source import Plan, Tips

BLOCK_BYTES = 1 << 16
OURS = {"truth.csv"}  # what `simulate` lays beside its events
JSON_BLANKS = b" \t\r\n"


@dataclass(frozen=True)
class Directory:
    """Reads at most `span_bytes` of a file a tick, in batches of at most `poll_records` lines."""

    root: Path
    topics: Mapping[str, str]
    poll_records: int
    span_bytes: int
    shard: tuple[int, int] = (0, 1)  # (number, of how many): which files this process reads

    def plan(self, tips: Tips, known: Mapping[str, frozenset[str]]) -> Plan:
        """Spans of whole lines beyond the positions; lag in bytes.

        Raises SourceError if the folder is missing, a file became shorter than its position, or two paths collide.
        """
        del known  # a file is known by its path alone
        spans: list[Span] = []
        lag = 0
        for table, topic, path in self._files():
            application = path.relative_to(self.root).as_posix()
            start, size = tips(table, application) or 0, _size(path)
            if size < start:
                raise SourceError(
                    f"{path} has {size} bytes, but {start} of it have landed",
                    expected="a file that only grows",
                    remedy="give new events a new file name",
                )
            lag += size - start
            with _opened(path) as file:
                end = _last_line_end(file, start, min(size, start + self.span_bytes))
            if end > start:
                spans.append(Span(table, topic, application, _partition(application), application, start, end))
        return Plan(spans, lag)

    def fetch(self, span: Span) -> Iterator[PolledBatch]:
        """Read the lines of `span`; blank lines are no records."""
        with _opened(self.root / span.application) as file:
            file.seek(span.start)
            start = span.start
            while start < span.end:
                offsets, values = self._lines(file, span.end)
                end = file.tell()
                yield PolledBatch(replace(span, start=start, end=end), offsets, values, None, None)
                start = end

    def unread(self) -> list[str]:
        """What lies in the folder and is never read, since no topic has its name; hidden files and ours left out."""
        files = {f"{topic}.jsonl" for topic in self.topics.values()}
        known = files | set(self.topics.values()) | OURS
        inside = [path for topic in self.topics.values() for path in self.root.glob(f"{topic}/*")]
        found = [path for path in self.root.glob("*") if path.name not in known]
        found += [path for path in inside if path.suffix != ".jsonl"]
        return sorted(path.relative_to(self.root).as_posix() for path in found if not path.name.startswith("."))

    def sharded(self, number: int, count: int) -> "Directory":
        """Return the source that reads share `number` of `count`."""
        return replace(self, shard=(number, count))

    def close(self) -> None:
        """Nothing is kept open."""

    def _files(self) -> list[tuple[str, str, Path]]:
        if not self.root.is_dir():
            raise SourceError(
                f"no folder {self.root}",
                expected="a folder with <topic>.jsonl or <topic>/*.jsonl",
                remedy="check --files",
            )
        found: list[tuple[str, str, Path]] = []
        for table, topic in self.topics.items():
            try:
                paths = [self.root / f"{topic}.jsonl", *sorted((self.root / topic).glob("*.jsonl"))]
                found.extend((table, topic, path) for path in paths if path.is_file())
            except OSError as error:
                raise SourceError(
                    f"cannot read {error.filename}: {error.strerror}", remedy="mend its permissions"
                ) from None
        if not found:
            expected = ", ".join(f"{topic}.jsonl" for topic in self.topics.values())
            raise SourceError(f"no events in {self.root}", expected=f"{expected}, or folders of these names")
        partitions: dict[int, Path] = {}
        for _, _, path in found:
            other = partitions.setdefault(_partition(path.relative_to(self.root).as_posix()), path)
            if other != path:
                raise SourceError(f"{path} and {other} have the same partition number", remedy="rename one of them")
        number, count = self.shard
        return found[number::count]

    def _lines(self, file: BinaryIO, stop: int) -> tuple[list[int], list[bytes | None]]:
        offsets: list[int] = []
        values: list[bytes | None] = []
        position = file.tell()
        while position < stop and len(values) < self.poll_records:
            line = file.readline(MAX_BYTES + 2)
            value = line.strip(JSON_BLANKS) if line.endswith(b"\n") else line
            if value:
                offsets.append(position)
                values.append(value)
            while not line.endswith(b"\n"):  # the rest of an overlong line: rejected by its first bytes
                line = file.readline(BLOCK_BYTES)
                if not line:
                    raise SourceError(
                        f"{file.name} became shorter while it was read", expected="a file that only grows"
                    )
            position = file.tell()
        return offsets, values


def _partition(application: str) -> int:
    """Stable number of a path: the first 31 bits of its SHA-256."""
    return int.from_bytes(hashlib.sha256(application.encode()).digest()[:4], "big") >> 1


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from None


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from None


def _last_line_end(file: BinaryIO, start: int, stop: int) -> int:
    """Position after the last complete line that begins in [start, stop); `start` if there is none."""
    end = stop
    while end > start:
        begin = max(start, end - BLOCK_BYTES)
        file.seek(begin)
        found = file.read(end - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    file.seek(stop)
    while block := file.read(BLOCK_BYTES):
        found = block.find(b"\n")
        if found >= 0:
            return file.tell() - len(block) + found + 1
    return start
