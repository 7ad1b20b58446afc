"""The client that reads records, behind one small class."""

from typing import Protocol

from pipeline.sources.batch import PolledBatch, Span

POLL_SECONDS = 5.0  # how long a silent broker holds up the other partitions of a tick
FETCH_BYTES = 2 * 2**20  # of one partition a request: few requests, yet what is fetched ahead of each stays small


class Fetcher(Protocol):
    """Reads one partition."""

    def poll(self, span: Span, most: int) -> PolledBatch | None:
        """Read up to `most` records from `span.start`; None if none came in time.

        The batch's end is the position after the poll. It may lie beyond `span.end`, where a gap follows: cutting it
        back would throw away what the client has fetched ahead. Raises KafkaError, OSError or UnreachableError.
        """

    def close(self) -> None:
        """Close the connection."""
