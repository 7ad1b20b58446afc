"""Looks at the lake and the source every few seconds, on a thread of its own: a silent broker holds nothing up."""

import threading
import time
from collections import Counter

from deltalake.exceptions import DeltaError
from pyarrow import ArrowException

from pipeline.contract.tables import EVENT_TABLES
from pipeline.errors import HydratraceError
from pipeline.lake import Lake
from pipeline.sources.source import Source
from queries.service.figures import Figures, Viewer

LOOK_SECONDS = 5.0


class Watch:
    """What was last seen.

    `lag` is None while the source does not answer or is not named, `unit` is what it is counted in; `idle`: landing has
    nothing left to do; `moved_at` is when it last had nothing left or came further; `landed` counts what landed since
    the start by table. Times are of the monotonic clock.
    """

    def __init__(self, lake: Lake, source: Source | None, unit: str) -> None:
        self.figures: Figures | None = None
        self.lag: int | None = None
        self.idle = False
        self.problem = ""
        self.landed: Counter[str] = Counter()
        self.moved_at = time.monotonic()
        self.unit = unit
        self._viewer, self._source = Viewer(lake), source
        self._wake = threading.Event()

    def start(self) -> None:
        """Look again and again."""
        threading.Thread(target=self._run, daemon=True).start()

    def again(self) -> None:
        """Look again at once."""
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                self.look()
                self.problem = ""
            except (HydratraceError, DeltaError, ArrowException, OSError) as error:
                self.problem = f"the lake cannot be read: {str(error).partition(chr(10))[0]}"
            self._wake.wait(LOOK_SECONDS)

    def look(self) -> None:
        """Look once; raises what says that the lake cannot be read."""
        before = self.figures
        after = self._viewer.look(time.monotonic())
        if before:
            for table in EVENT_TABLES:
                self.landed[table.name] += max(0, after.rows(table.name) - before.rows(table.name))
            if before.positions != after.positions:
                self.moved_at = after.at
        self._ask_source(after)
        self.figures = after

    def _ask_source(self, seen: Figures) -> None:
        if self._source is None:
            return
        try:
            plan = self._source.plan(lambda _, application: seen.positions.get(application), {})
        except HydratraceError:  # landing meets the same, and tells it
            self.lag, self.idle = None, False
            return
        self.lag = plan.lag + sum(loss.span.end - loss.span.start for loss in plan.losses)
        self.idle = not plan.spans and not plan.losses  # half a line at a file's end is lag, but nothing to land
        if self.idle:
            self.moved_at = seen.at
