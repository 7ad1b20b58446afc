"""Tells hooks as soon as there is something to tell, each hook on a thread of its own."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from pipeline.alerts.dispatch import Report, now, tell_one
from pipeline.alerts.outbox import tidy
from pipeline.alerts.receiver import Receiver
from pipeline.deltalog import newest_version
from pipeline.errors import UsageError
from pipeline.lake import Lake
from pipeline.settings import Hook

# A look costs two listings of small folders; what it finds was landed or linked this long ago at most.
LOOK_SECONDS = 0.25
# What a look cannot see (another sender had the hook, the lake could not be read) is met by a pass this often.
REST_SECONDS = 30.0
# The table of alerts gains a file a delivery: it is looked after this often.
TIDY_SECONDS = 60.0

log = logging.getLogger(__name__)

Make = Callable[[], dict[str, Receiver]]
Tell = Callable[[Report], None]


class Follower:
    """Tells one hook: at once when it is woken, when something owed is due, and now and then."""

    def __init__(self, lake: Lake, hook: Hook, receiver: Receiver, stop: threading.Event, tell: Tell) -> None:
        self.receiver, self._lake, self._hook, self._stop, self._tell = receiver, lake, hook, stop, tell
        self._wake = threading.Event()
        self._problem = ""
        self.thread = threading.Thread(target=self._run, daemon=True)

    def wake(self) -> None:
        """Let it look at once."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            report = self._pass()
            if report.sent.delivered or report.sent.failed:
                self._tell(report)
            if report.problem and report.problem != self._problem:
                log.warning("hook %s: %s", report.hook, report.problem)
            if report.problem or not report.owed:  # else it is merely not tried again yet
                self._problem = report.problem
            self._wake.wait(_pause(report.next_due))

    def _pass(self) -> Report:
        try:
            return tell_one(self._lake, self._hook, self.receiver)
        except Exception as error:  # a fault of ours or of a library must not leave the hook without a thread
            log.debug("hook %s", self._hook.name, exc_info=True)
            return Report(self._hook.name, problem=f"failed unexpectedly: {type(error).__name__}", ok=False)


def follow(lake: Lake, hooks: list[Hook], make: Make, stop: threading.Event, tell: Tell) -> None:
    """Tell `hooks` until `stop` is set; `make` builds their receivers, again when a file that they name has changed."""
    receivers, written = make(), _written(hooks)
    followers = {hook.name: Follower(lake, hook, receivers[hook.name], stop, tell) for hook in hooks}
    for follower in followers.values():
        follower.thread.start()
    seen, tidied = None, time.monotonic()
    while not stop.wait(LOOK_SECONDS):
        versions = [newest_version(lake.path(table)) for table in ("runs", "matches")]
        if versions != seen:
            seen = versions
            for follower in followers.values():
                follower.wake()
        if time.monotonic() - tidied > TIDY_SECONDS:
            tidied = time.monotonic()
            tidy(lake)
        if (files := _written(hooks)) != written:
            written = files
            _rebuild(followers, make)
    for follower in followers.values():
        follower.wake()
    for follower in followers.values():
        follower.thread.join()


def _rebuild(followers: dict[str, Follower], make: Make) -> None:
    try:
        receivers = make()
    except UsageError as error:
        log.warning("hooks go on as before: %s", error)
        return
    for name, follower in followers.items():
        follower.receiver = receivers[name]
        follower.wake()


def _written(hooks: list[Hook]) -> list[tuple[str, int]]:
    """When each file of URLs, secrets or authorities was last written; a missing one counts as never."""
    named = [name for hook in hooks for name in (hook.url_file, hook.secret_file, hook.ca_file) if name]
    return [(name, _modified(Path(name).expanduser())) for name in named]


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _pause(due: datetime | None) -> float:
    if due is None:
        return REST_SECONDS
    return min(max(LOOK_SECONDS, (due - now()).total_seconds()), REST_SECONDS)
