"""Landing in micro-batches: fix a span of each partition, run one bounded pipeline, repeat."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline import collector, errors
from pipeline.contract.tables import EVENT_TABLES
from pipeline.decode.reading import Reading
from pipeline.deltalog import transaction_versions
from pipeline.lake import Lake
from pipeline.landing.append import begin
from pipeline.landing.compaction import compact_if_due
from pipeline.landing.losses import settle
from pipeline.privacy.keyfile import Key
from pipeline.sources.batch import Span
from pipeline.sources.source import Source

OUR_EVENTS = Reading()
FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 30.0
PATIENCE_SECONDS = 60.0  # of a job that has not read anything yet: longer than a broker's restart

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick did, and the lag before it (offsets in Kafka, bytes in files); idle: there was nothing to do."""

    landed: int
    rejected: int
    lag: int
    idle: bool


@dataclass(frozen=True)
class Job:
    """Everything a landing job needs."""

    lake: Lake
    key: Key
    source: Source
    commit_records: int
    commit_bytes: int
    accept_loss: bool = False
    beam_arguments: Sequence[str] = ()
    reading: Reading = OUR_EVENTS

    def tick(self) -> Tick:
        """Land what one bounded look at the source shows.

        Raises SourceError, LakeError or HoleError; whatever happens, the lake stays at a tick's boundary.
        """
        tips = {table.name: transaction_versions(self.lake.path(table.name)) for table in EVENT_TABLES}
        plan = self.source.plan(
            lambda table, application: tips[table].get(application),
            {table: frozenset(found) for table, found in tips.items()},
        )
        settled = settle(self.lake, plan.losses, accept=self.accept_loss)
        begin(self.lake, plan.unseen)
        if settled:
            return Tick(0, 0, plan.lag, idle=False)
        if not plan.spans:
            return Tick(0, 0, plan.lag, idle=True)
        counted = self._run(plan.spans)
        if not counted.get("fetched"):
            raise errors.UnreachableError(f"{plan.lag} records or bytes are waiting, but none can be read")
        compact_if_due(self.lake)
        return Tick(counted.get("landed", 0), counted.get("rejected", 0), plan.lag, idle=False)

    def _run(self, spans: Sequence[Span]) -> Mapping[str, int]:
        # Beam takes seconds to import: a parent of processes that land, or a job that finds nothing, does without.
        from pipeline.landing.in_process import run_bounded
        from pipeline.landing.transforms import DecodeFn, FetchFn, LandBatches, LandFn

        collector.spare_imports()
        decode = DecodeFn(self.key, self.reading)
        land = LandFn(self.lake.root, self.commit_records, self.commit_bytes)
        return run_bounded(spans, LandBatches(FetchFn(self.source), decode, land), self.beam_arguments)


def drain(job: Job, stop: threading.Event, report: Callable[[Tick], None]) -> None:
    """Land until nothing is left, or `stop` is set."""
    while not stop.is_set():
        tick = _patient_tick(job, stop, PATIENCE_SECONDS)
        if tick is None or tick.idle:
            return
        report(tick)


def follow(job: Job, stop: threading.Event, report: Callable[[Tick], None], tick_seconds: float) -> None:
    """Land until `stop` is set; a source that falls silent later is waited for."""
    patience = PATIENCE_SECONDS
    while not stop.is_set():
        tick = _patient_tick(job, stop, patience)
        if tick is None:
            return
        report(tick)
        patience = float("inf")
        if tick.idle:
            stop.wait(tick_seconds)


def _patient_tick(job: Job, stop: threading.Event, patience: float) -> Tick | None:
    """One tick, tried again with growing pauses while the source cannot be reached; None when told to stop."""
    pause, deadline = FIRST_RETRY_SECONDS, time.monotonic() + patience
    while not stop.is_set():
        try:
            return job.tick()
        except errors.UnreachableError as error:
            if time.monotonic() + pause > deadline:
                raise
            log.warning("%s; trying again in %.0f s", error, pause)
            stop.wait(pause)
            pause = min(2 * pause, LONGEST_RETRY_SECONDS)
    return None
