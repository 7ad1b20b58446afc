"""The service: landing all the time, the other steps one after another when they are due."""

import queue
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from queries.service.claim import Claim
from queries.service.due import Due
from queries.service.step import Step, Tell
from queries.service.watch import Watch

TURN_SECONDS = 1.0
STOP, LOOK = "stop", "look"  # what may be put into the service's news
# SIGTERM to the end: what landing takes at most (9 s), and a little for the children to be collected.
END_SECONDS = 9.4
LOOK_AGAIN_SECONDS = 0.05
# Between two passes of one step over what is due: the first delay of a delivery's schedule.
REST_SECONDS = 5.0
# A landing job that cannot start says so sooner; one that came so far, and has nothing left or lands, is well again.
WELL_SECONDS = 5.0


class Service:
    """Runs until it is told STOP; `landing` is endless, `others` are by name."""

    def __init__(self, landing: Step, others: Mapping[str, Step], watch: Watch, due: Due, claim: Claim) -> None:
        self.landing, self.others, self.watch = landing, others, watch
        self._due, self._claim = due, claim

    @property
    def steps(self) -> list[Step]:
        """Every step."""
        return [self.landing, *self.others.values()]

    @property
    def standing_by(self) -> bool:
        """Whether another process serves the lake."""
        return not self._claim.held

    def run(self, news: "queue.SimpleQueue[str]", tell: Tell) -> None:
        """Serve until STOP comes; LOOK says that something happened."""
        told = False
        while _next(news) != STOP:
            if self._claim.take():
                self._turn(time.monotonic(), datetime.now(UTC))
            elif not told:
                told = True
                tell("another hydratrace run serves this lake: standing by")
        self._end()

    def _turn(self, now: float, clock: datetime) -> None:
        """Collect what has ended, start what is due."""
        self.landing.look(now)
        if self.landing.running and self.watch.moved_at > self.landing.began + WELL_SECONDS:
            self.landing.recover()
        if not self.landing.running and now >= self.landing.not_before:
            self.landing.start(now)
        for name, step in self.others.items():
            if step.running and step.look(now):
                step.not_before = now + REST_SECONDS
                self._due.done(name)
            if step.ended == now:
                self.watch.again()
        if not any(step.running for step in self.others.values()):
            self._start_due(now, clock)

    def _start_due(self, now: float, clock: datetime) -> None:
        seen = self.watch.figures
        if seen is None or seen.at <= max(step.ended for step in self.others.values()):
            return  # what the last step did is not to be seen yet
        for name in self._due.steps(seen, self.watch.idle, clock):
            step = self.others[name]
            if now >= step.not_before:
                self._due.started(name, seen, clock)
                step.start(now)
                return

    def _end(self) -> None:
        until = time.monotonic() + END_SECONDS
        for step in self.steps:
            step.end()
        while time.monotonic() < until and not all(step.gone() for step in self.steps):
            time.sleep(LOOK_AGAIN_SECONDS)
        for step in self.steps:
            step.kill()
        self._claim.drop()


def _next(news: "queue.SimpleQueue[str]") -> str:
    try:
        return news.get(timeout=TURN_SECONDS)
    except queue.Empty:
        return LOOK
