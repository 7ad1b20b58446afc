"""One landing job, from key to last tick, in one process or in several side by side."""

import logging
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.decode.reading import Reading, reading_of
from pipeline.lake import MARKER, Lake
from pipeline.landing.flink_options import check_job, wants_flink
from pipeline.landing.micro_batches import Job, Tick, drain, follow
from pipeline.landing.progress import Progress
from pipeline.landing.side_by_side import run_side_by_side
from pipeline.privacy.keyfile import Key, default_path, load_key, load_or_make_key
from pipeline.settings import Settings
from pipeline.sources.source import Source

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wishes:
    """What the command line asks of a job: go on for ever, go on over lost records, options of Beam's runner."""

    follow: bool = False
    accept_loss: bool = False
    beam: tuple[str, ...] = ()


def land(source: Source, settings: Settings, stop: threading.Event, wishes: Wishes) -> Progress:
    """Land from `source` until it is drained, or, when following, until `stop` is set."""
    reading = reading_of(settings)
    on_flink = wants_flink(wishes.beam)
    if on_flink:
        check_job(settings, wishes.beam, follow=wishes.follow)
    open_lake(settings)  # the key is made here, once, before any process beside this one looks for it
    progress = Progress(sys.stderr, "bytes" if settings.files else "offsets")
    failed = True
    try:
        if on_flink:
            _supervise(source, settings, wishes, reading, stop, progress.report)
        elif settings.processes == 1:
            _work(source, settings, wishes, reading, stop, progress.report)
        else:
            shards = [source.sharded(number, settings.processes) for number in range(settings.processes)]
            run_side_by_side(_work, [(shard, settings, wishes, reading) for shard in shards], stop, progress.report)
        failed = False
    finally:
        progress.finish(failed=failed)
    return progress


def _work(
    source: Source,
    settings: Settings,
    wishes: Wishes,
    reading: Reading,
    stop: threading.Event,
    report: Callable[[Tick], None],
) -> None:
    """Land one shard of the source."""
    job = _job(source, settings, wishes, reading)
    try:
        if wishes.follow:
            follow(job, stop, report, settings.tick_seconds)
        else:
            drain(job, stop, report)
    finally:
        source.close()


def _supervise(
    source: Source,
    settings: Settings,
    wishes: Wishes,
    reading: Reading,
    stop: threading.Event,
    report: Callable[[Tick], None],
) -> None:
    """Keep one job on Flink."""
    from pipeline.landing.on_flink import Renewal, Supervisor
    from pipeline.sources.kafka import Kafka

    assert isinstance(source, Kafka)
    renewal = Renewal(settings.recycle_minutes * 60, settings.stall_seconds)
    try:
        Supervisor(_job(source, settings, wishes, reading), source, _key_path(settings), renewal).run(stop, report)
    finally:
        source.close()


def _job(source: Source, settings: Settings, wishes: Wishes, reading: Reading) -> Job:
    lake, key = open_lake(settings)
    commit = settings.commit_records, settings.commit_bytes
    return Job(lake, key, source, *commit, wishes.accept_loss, wishes.beam, reading)


def _key_path(settings: Settings) -> Path:
    return Path(settings.key_file) if settings.key_file else default_path(os.environ)


def open_lake(settings: Settings) -> tuple[Lake, Key]:
    """Open the lake and the key, making both on first use."""
    path = _key_path(settings)
    root = Path(settings.lake)
    if (root / MARKER).exists():
        return Lake.create(root, (key := load_key(path)).check), key
    key, made = load_or_make_key(path)
    if made:
        log.warning("made the key file %s: keep it; without it this lake cannot grow", path)
    return Lake.create(root, key.check), key
