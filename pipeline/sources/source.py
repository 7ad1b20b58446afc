"""What landing asks of a source."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from pipeline.sources.batch import PolledBatch, Span

Tips = Callable[[str, str], int | None]  # (table, application) → position after what has landed, None if nothing has


class Loss(NamedTuple):
    """Offsets [span.start, span.end) that can no longer be read; with `end_known` False the end is not known."""

    span: Span
    reason: str
    end_known: bool


class Plan(NamedTuple):
    """What is there to land: bounded spans, how much lies beyond the positions, and what is lost before them.

    `unseen` has the places (empty spans) where partitions begin that have no position yet.
    """

    spans: list[Span]
    lag: int
    losses: Sequence[Loss] = ()
    unseen: Sequence[Span] = ()


class Source(Protocol):
    """A source of events; it is pickled into Beam's workers, so it opens files and connections on first use."""

    def plan(self, tips: Tips, known: Mapping[str, frozenset[str]]) -> Plan:
        """Say what can be read now beyond `tips`; `known` is table → applications that have landed before.

        Raises SourceError if the source cannot be read.
        """

    def fetch(self, span: Span) -> Iterator[PolledBatch]:
        """Read `span` in order; may end early (memory), never skips: each batch starts where the one before ended."""

    def sharded(self, number: int, count: int) -> "Source":
        """Return the source that reads share `number` of `count`: each partition is in exactly one share."""

    def close(self) -> None:
        """Let go of files and connections."""
