"""One landing job, from key to last tick."""

import logging
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.lake import Lake
from pipeline.landing.micro_batches import Job, drain, follow
from pipeline.landing.progress import Progress
from pipeline.privacy.keyfile import default_path, load_or_make_key
from pipeline.settings import Settings
from pipeline.sources.source import Source

log = logging.getLogger(__name__)


def open_job(source: Source, settings: Settings, *, accept_loss: bool, beam: Sequence[str]) -> Job:
    """Open the lake and the key, making both on first use."""
    runner = next((option for option in beam if option.startswith("--runner")), None)
    if runner:
        raise UsageError(f"{runner} is not supported yet", expected="options of Beam's in-process runner")
    path = Path(settings.key_file) if settings.key_file else default_path(os.environ)
    key, made = load_or_make_key(path)
    if made:
        log.warning("made the key file %s: keep it; without it this lake cannot grow", path)
    lake = Lake.create(Path(settings.lake), key.check)
    return Job(lake, key, source, settings.commit_records, settings.commit_bytes, accept_loss, tuple(beam))


def land(
    source: Source,
    settings: Settings,
    stop: threading.Event,
    *,
    following: bool,
    accept_loss: bool,
    beam: Sequence[str],
) -> Progress:
    """Land from `source` until it is drained, or, when `following`, until `stop` is set."""
    job = open_job(source, settings, accept_loss=accept_loss, beam=beam)
    progress = Progress(sys.stderr, "bytes" if settings.files else "offsets")
    failed = True
    try:
        if following:
            follow(job, stop, progress.report, settings.tick_seconds)
        else:
            drain(job, stop, progress.report)
        failed = False
    finally:
        source.close()
        progress.finish(failed=failed)
    return progress
