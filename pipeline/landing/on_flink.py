"""Keeps one landing job on Flink: submits it, watches what lands, and submits it again whenever that goes wrong."""

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.contract.tables import EVENT_TABLES
from pipeline.deltalog import transaction_versions
from pipeline.errors import UnreachableError
from pipeline.lake import Lake
from pipeline.landing.append import begin
from pipeline.landing.compaction import compact_if_due
from pipeline.landing.counting import LandedRows
from pipeline.landing.flink_job import FlinkJob
from pipeline.landing.flink_options import flink_options
from pipeline.landing.following import FollowFn
from pipeline.landing.losses import settle
from pipeline.landing.micro_batches import FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS, PATIENCE_SECONDS, Job, Tick
from pipeline.landing.transforms import DecodeFn, LandBatches, LandFn
from pipeline.landing.watchdog import Watchdog
from pipeline.privacy.keyfile import KeyFile
from pipeline.sources.client_settings import GROUP
from pipeline.sources.kafka import Kafka

LOOK_SECONDS = 2.0
# How long neither Flink nor the job server may know of the job: a restart of either takes less.
LOST_SECONDS = 30.0
# Of the 9 s that SIGTERM leaves; to count once more and to close connections takes some of them too.
CANCEL_SECONDS = 5.0

Tips = dict[str, dict[str, int]]  # table → application → position

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Renewal:
    """When a job is submitted again: at this age, and after so many seconds in which records waited in vain."""

    recycle_seconds: float
    stall_seconds: float


class Supervisor:
    """One landing job from its first submission to `stop`; workers read its key from `key_file`."""

    def __init__(self, job: Job, kafka: Kafka, key_file: Path, renewal: Renewal) -> None:
        self._job, self._kafka, self._renewal = job, kafka, renewal
        name = job_name(job.lake)
        self._flink = FlinkJob(name, flink_options(job.beam_arguments, name))
        self._land = _transform(job, kafka, key_file)
        self._rows = LandedRows(job.lake)
        self._began = self._not_before = self._known_at = time.monotonic()
        self._watchdog = Watchdog(renewal.stall_seconds, self._began)
        self._pause = FIRST_RETRY_SECONDS
        self._submitted_at: float | None = None
        self._heard_kafka = False

    def run(self, stop: threading.Event, report: Callable[[Tick], None]) -> None:
        """Land until `stop` is set; raises SourceError when records are lost, as landing in micro-batches does."""
        try:
            while not stop.is_set():
                report(self._turn(time.monotonic()))
                stop.wait(LOOK_SECONDS)
        finally:
            self._flink.cancel(CANCEL_SECONDS)
        report(self._rows.look(self._job.lake.positions(), 0))  # what landed since the last look

    def _turn(self, now: float) -> Tick:
        tips = {table.name: transaction_versions(self._job.lake.path(table.name)) for table in EVENT_TABLES}
        positions = {application: end for found in tips.values() for application, end in found.items()}
        lag, has_new_partitions = self._ask_kafka(tips)
        vain_seconds = self._watchdog.look(positions, lag, now)
        if lag is not None and now >= self._not_before:
            reason = self._reason(vain_seconds, now)
            if reason:
                log.warning("%s: submitting the job again", reason)
            if reason is not None or has_new_partitions:
                self._submit(now)
        tick = self._rows.look(positions, lag or 0)
        if tick.landed or tick.rejected:
            self._pause = FIRST_RETRY_SECONDS
            compact_if_due(self._job.lake)
        return tick

    def _ask_kafka(self, tips: Tips) -> tuple[int | None, bool]:
        """Offsets that wait, None while Kafka is silent; and whether there are partitions that no job has read yet."""
        known = {table: frozenset(found) for table, found in tips.items()}
        try:
            plan = self._kafka.plan(lambda table, application: tips[table].get(application), known)
        except UnreachableError as error:
            if not self._heard_kafka and time.monotonic() - self._began > PATIENCE_SECONDS:
                raise
            log.warning("%s", error)
            return None, False
        self._heard_kafka = True
        settle(self._job.lake, plan.losses, accept=self._job.accept_loss)
        begin(self._job.lake, plan.unseen)
        return plan.lag, bool(plan.unseen)

    def _reason(self, vain_seconds: float, now: float) -> str | None:
        """Why to submit: empty when that is no news, None when the job is well."""
        if self._submitted_at is None:
            return ""
        state = self._flink.state()
        if state != "unknown":
            self._known_at = now
        if state == "ended":
            return "Flink's job has ended"
        if now - self._known_at > LOST_SECONDS:
            return "neither Flink nor Beam's job server knows the job"
        if vain_seconds:
            why = self._flink.problem()
            return f"nothing has landed for {vain_seconds:.0f} s though records wait{f' ({why})' if why else ''}"
        return "" if now - self._submitted_at > self._renewal.recycle_seconds else None

    def _submit(self, now: float) -> None:
        """Submit; until something lands, more time passes before each next try."""
        pause, self._pause = self._pause, min(2 * self._pause, LONGEST_RETRY_SECONDS)
        self._not_before = now + pause
        try:
            self._flink.submit(self._kafka.partitions(), self._land)
        except UnreachableError as error:
            log.warning("%s; trying again in %.0f s", error, pause)
            self._submitted_at = None
            return
        self._submitted_at = self._known_at = time.monotonic()
        self._watchdog.begin(self._submitted_at)


def job_name(lake: Lake) -> str:
    """A name that no other lake's job has."""
    place = f"{lake.root.resolve()} {lake.marker.key_check}"
    return f"hydratrace-land-{hashlib.sha256(place.encode()).hexdigest()[:12]}"


def _transform(job: Job, kafka: Kafka, key_file: Path) -> LandBatches:
    """What runs on Flink: bundles of one commit, since a checkpoint waits for a bundle to end.

    The consumer group is told of positions by the supervisor alone.
    """
    client = {name: value for name, value in kafka.client.items() if name != GROUP}
    reader = replace(kafka, client=client, span_records=job.commit_records)
    root = job.lake.root.resolve()
    land = LandFn(root, job.commit_records, job.commit_bytes)
    return LandBatches(FollowFn(reader, root), DecodeFn(KeyFile(key_file.resolve(), job.key.check), job.reading), land)
