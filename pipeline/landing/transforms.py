"""The Beam transforms of landing. No shuffle lies between reading and landing."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import apache_beam as beam
from apache_beam.metrics import Metrics

from pipeline.decode.decoder import Decoded, Decoder
from pipeline.decode.reading import Reading
from pipeline.lake import Lake
from pipeline.landing.append import Part, append_matches, append_rejects, append_rows
from pipeline.matching.match import match
from pipeline.matching.watching import watching
from pipeline.privacy.keyfile import Key, KeyFile
from pipeline.privacy.tokens import Tokens
from pipeline.sources.batch import PolledBatch, Span
from pipeline.sources.source import Source

NAMESPACE = "hydratrace"


class LandBatches(beam.PTransform):
    """Read spans, decode them and land them: one commit a table for all partitions of a bundle.

    `read` makes polled batches of spans: FetchFn of bounded ones, FollowFn of partitions that are read for ever.
    """

    def __init__(self, read: beam.DoFn, decode: "DecodeFn", land: "LandFn") -> None:
        super().__init__()
        self._read, self._decode, self._land = read, decode, land

    def expand(self, spans: beam.PCollection[Span]) -> beam.PCollection[int]:
        """PCollection of Span → PCollection of rows landed, a number a commit."""
        return (
            spans
            | "Read" >> beam.ParDo(self._read)
            | "Decode" >> beam.ParDo(self._decode)
            | "Land" >> beam.ParDo(self._land)
        )


class FetchFn(beam.DoFn):
    """Span → its polled batches."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._fetched = Metrics.counter(NAMESPACE, "fetched")

    def process(self, span: Span) -> Iterator[PolledBatch]:
        """Read one span."""
        for polled in self._source.fetch(span):
            self._fetched.inc()
            yield polled


class DecodeFn(beam.DoFn):
    """Polled batch → good rows and rejects.

    A pipeline that another process runs is given the key's file: a secret must not travel.
    """

    def __init__(self, key: Key | KeyFile, reading: Reading) -> None:
        self._key, self._reading = key, reading

    def setup(self) -> None:
        """Make the decoders on first use."""
        key = self._key.load() if isinstance(self._key, KeyFile) else self._key
        self._tokens, self._decoders = Tokens(key), dict[str, Decoder]()

    def process(self, polled: PolledBatch) -> Iterator[Decoded]:
        """Decode one batch."""
        table = polled.span.table
        if table not in self._decoders:
            self._decoders[table] = self._reading.decoder(table, self._tokens)
        yield self._decoders[table].decode(polled, datetime.now(UTC))


class LandFn(beam.DoFn):
    """Decoded batches → committed rows: when a bundle ends, or a commit's bounds are reached."""

    def __init__(self, lake: Path, commit_records: int, commit_bytes: int) -> None:
        self._root, self._commit_records, self._commit_bytes = lake, commit_records, commit_bytes
        self._landed = Metrics.counter(NAMESPACE, "landed")
        self._rejected = Metrics.counter(NAMESPACE, "rejected")
        self._matched = Metrics.counter(NAMESPACE, "matched")

    def setup(self) -> None:
        """Open the lake."""
        self._lake = Lake.open(self._root)

    def start_bundle(self) -> None:
        """Begin with nothing in hand."""
        self._held: list[Decoded] = []

    def process(self, decoded: Decoded) -> None:
        """Take one decoded batch; land what is held when it is enough for a commit."""
        self._held.append(decoded)
        records = sum(held.rows.num_rows + held.rejected.num_rows for held in self._held)
        size = sum(held.rows.nbytes + held.rejected.nbytes for held in self._held)
        if records >= self._commit_records or size >= self._commit_bytes:
            self._land()

    def finish_bundle(self) -> None:
        """Land what is held."""
        self._land()

    def _land(self) -> None:
        if not self._held:
            return
        held, self._held = self._held, []
        # Rejects and matches first: were the rows first, a crash between would lose them.
        self._rejected.inc(append_rejects(self._lake, [Part(d.span, d.rejected) for d in held]).rows)
        self._matched.inc(append_matches(self._lake, self._matches(held)).rows)
        for table, decoded in _by_table(held).items():
            self._landed.inc(append_rows(self._lake, table, [Part(d.span, d.rows) for d in decoded]).rows)

    def _matches(self, held: Iterable[Decoded]) -> list[Part]:
        watched, now = watching(self._lake).now(), datetime.now(UTC)
        return [Part(d.span, match(watched, d.span.table, d.rows, now)) for d in held]


def _by_table(decoded: Iterable[Decoded]) -> dict[str, list[Decoded]]:
    tables: dict[str, list[Decoded]] = {}
    for one in decoded:
        tables.setdefault(one.span.table, []).append(one)
    return tables
