"""Honest failover: several accounts of one owner behind one program, which goes on with another when one is limited."""

from collections.abc import Iterator, Sequence
from random import Random

from pipeline.simulator.account import Account, Timed
from pipeline.simulator.clock import DAY, HOUR, SECOND
from pipeline.simulator.life import Habit
from pipeline.simulator.world import World

# Share of requests that meet a rate limit.
_LIMITED = 0.03


def shared(world: World, accounts: Sequence[Account], habit: Habit, rng: Random) -> Iterator[Timed]:
    """Requests of one habit over several accounts, the first most often; a limited one is sent again by another."""
    previous = 0
    for day in range(world.plan.days):
        for offset in habit.rhythm.arrivals(rng, day, habit.per_day * world.plan.rate):
            time = max(previous + 1, world.start + day * DAY + offset)
            usable = [account for account in accounts if account.opened + HOUR < time]
            if not usable:
                continue
            chosen = usable[int(rng.random() ** 2 * len(usable))]
            prompt = habit.workload.ask(rng, time - previous > HOUR)
            status = 429 if rng.random() < _LIMITED else world.status(rng, time)
            yield chosen.usage(rng, time, prompt, status)
            previous = time
            others = [account for account in usable if account is not chosen]
            if status == 429 and others:
                previous = time + int(rng.uniform(1, 60) * SECOND)
                yield rng.choice(others).usage(rng, previous, prompt)
