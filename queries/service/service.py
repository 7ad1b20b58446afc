"""The service: landing and alerting all the time, the other steps one after another when they are due."""

import queue
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from queries.service.claim import Claim
from queries.service.due import Due
from queries.service.step import Step, Tell
from queries.service.telling import Teller
from queries.service.watch import Watch

TURN_SECONDS = 1.0
STOP, LOOK = "stop", "look"  # what may be put into the service's news
# SIGTERM to the end: what landing takes at most (9 s), and a little for the children to be collected.
END_SECONDS = 9.4
LOOK_AGAIN_SECONDS = 0.05
# Between two of one step: what it has done should be seen before it is done again.
REST_SECONDS = 5.0
# A landing job that cannot start says so sooner; one that came so far, and has nothing left or lands, is well again.
WELL_SECONDS = 5.0


class Service:
    """Does `steps`, by name, until it is told STOP: the endless ones side by side, of the others one at a time."""

    def __init__(self, steps: Mapping[str, Step], watch: Watch, due: Due, claim: Claim) -> None:
        self.steps, self.watch = steps, watch
        self._due, self._claim = due, claim

    @property
    def standing_by(self) -> bool:
        """Whether another process serves the lake."""
        return not self._claim.held

    def run(self, news: "queue.SimpleQueue[str]", tell: Tell) -> None:
        """Serve until STOP comes; LOOK says that something happened."""
        told, teller = False, Teller(tell, self.steps)
        while _next(news) != STOP:
            if self._claim.take():
                teller.look(self.watch)
                for step in self._turn(time.monotonic(), datetime.now(UTC)):
                    teller.did(step)
            elif not told:
                told = True
                tell("another hydratrace run serves this lake: standing by")
        self._end()

    def _turn(self, now: float, clock: datetime) -> list[Step]:
        """Collect what has ended, start what is due; returns what has ended well."""
        for step in self.steps.values():
            if step.endless:
                self._keep(step, now)
        ended = []
        for name, step in self._others.items():
            if step.running and step.look(now):
                step.not_before = now + REST_SECONDS
                self._due.done(name)
                ended.append(step)
            if step.ended == now:
                self.watch.again()
        if not any(step.running for step in self._others.values()):
            self._start_due(now, clock)
        return ended

    @property
    def _others(self) -> dict[str, Step]:
        return {name: step for name, step in self.steps.items() if not step.endless}

    def _keep(self, step: Step, now: float) -> None:
        """See that an endless step runs."""
        step.look(now)
        came_so_far = self.watch.moved_at if step.name == "land" else now
        if step.running and came_so_far > step.began + WELL_SECONDS:
            step.recover()
        if not step.running and now >= step.not_before:
            step.start(now)

    def _start_due(self, now: float, clock: datetime) -> None:
        seen, others = self.watch.figures, self._others
        if seen is None or seen.at <= max((step.ended for step in others.values()), default=0.0):
            return  # what the last step did is not to be seen yet
        for name in self._due.steps(seen, self.watch.idle, clock):
            step = others.get(name)
            if step and now >= step.not_before:
                self._due.started(name, seen, clock)
                step.start(now)
                return

    def _end(self) -> None:
        until, steps = time.monotonic() + END_SECONDS, self.steps.values()
        for step in steps:
            step.end()
        while time.monotonic() < until and not all(step.gone() for step in steps):
            time.sleep(LOOK_AGAIN_SECONDS)
        for step in steps:
            step.kill()
        self._claim.drop()


def _next(news: "queue.SimpleQueue[str]") -> str:
    try:
        return news.get(timeout=TURN_SECONDS)
    except queue.Empty:
        return LOOK
