"""Honest failover: several accounts of one owner behind one program, which goes on with another when one is limited."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from pipeline.simulator.account import Account, Timed
from pipeline.simulator.clock import DAY, HOUR, SECOND
from pipeline.simulator.life import Habit
from pipeline.simulator.prompts import Prompt
from pipeline.simulator.world import World

# Share of requests that meet a rate limit.
_LIMITED = 0.03


@dataclass(slots=True)
class Failover:
    """Requests of one habit over several accounts, the first most often; a limited one is sent again by another.

    Between two requests it may lie in a file.
    """

    accounts: Sequence[Account]
    habit: Habit
    _previous: int = 0
    _day: int = -1
    _left: list[int] = field(default_factory=list)  # times of the day's other requests, the next one last
    _limited: tuple[Prompt, list[int]] | None = None  # what is sent again, and the places of those who may

    def request(self, world: World, rng: Random) -> Timed | None:
        """The next request; None when the last day is over."""
        if self._limited:
            prompt, others = self._limited
            self._limited = None
            self._previous += int(rng.uniform(1, 60) * SECOND)
            return self.accounts[rng.choice(others)].usage(rng, self._previous, prompt)
        while self._begun(world, rng):
            time = max(self._previous + 1, world.start + self._day * DAY + self._left.pop())
            usable = [place for place, account in enumerate(self.accounts) if account.opened + HOUR < time]
            if usable:
                return self._sent(world, rng, time, usable)
        return None

    def _begun(self, world: World, rng: Random) -> bool:
        """Begin the next day with requests unless some of this day's are left; False after the last."""
        while not self._left:
            self._day += 1
            if self._day >= world.plan.days:
                return False
            arrivals = self.habit.rhythm.arrivals(rng, self._day, self.habit.per_day * world.plan.rate)
            self._left = arrivals[::-1]
        return True

    def _sent(self, world: World, rng: Random, time: int, usable: list[int]) -> Timed:
        chosen = usable[int(rng.random() ** 2 * len(usable))]
        prompt = self.habit.workload.ask(rng, time - self._previous > HOUR)
        status = 429 if rng.random() < _LIMITED else world.status(rng, time)
        sent = self.accounts[chosen].usage(rng, time, prompt, status)
        self._previous = time
        others = [place for place in usable if place != chosen]
        if status == 429 and others:
            self._limited = prompt, others
        return sent


def shared(world: World, accounts: Sequence[Account], habit: Habit, rng: Random) -> Iterator[Timed]:
    """All requests of one habit over several accounts."""
    failover = Failover(accounts, habit)
    while event := failover.request(world, rng):
        yield event
