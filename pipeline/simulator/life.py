"""The life of an account that acts by itself: sign-up, payments, requests by its rhythm, the provider's actions."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from random import Random

from pipeline.simulator.account import Account, Timed
from pipeline.simulator.addresses import Network
from pipeline.simulator.clock import DAY, HOUR, MINUTE
from pipeline.simulator.rhythms import Rhythm
from pipeline.simulator.workloads import Workload
from pipeline.simulator.world import NEW_MODEL, World

# A pause this long ends a conversation.
_SESSION = 20 * MINUTE
# Shares of requests which fail in ways that mean nothing.
_FAILURES = ((0.004, 500), (0.006, 400), (0.012, 429))
_BILLING_DAYS = 30


@dataclass(slots=True)
class Habit:
    """How an account is used: what for, when, how much a day, how that grows per day."""

    workload: Workload
    rhythm: Rhythm
    per_day: float
    growth: float = 0.0
    moves_to_new_model: float = 0.35
    first_day: int = 0
    last_day: int = 10**6


def live(
    world: World, account: Account, habit: Habit, *extra: Timed, signup_from: Network | None = None
) -> Iterator[Timed]:
    """All events of one account, in time order. `extra` are events of its own besides the usual."""
    rng = world.stream("life", account.account_id)
    milestones = sorted([*_beginnings(world, account, rng, signup_from), *extra], key=itemgetter(0))
    return heapq.merge(milestones, _requests(world, account, habit, rng), key=itemgetter(0))


def _beginnings(world: World, account: Account, rng: Random, signup_from: Network | None) -> Iterator[Timed]:
    yield account.signup(rng, signup_from)
    time = account.opened + int(rng.uniform(1, 20) * MINUTE)
    yield account.action(rng, time, "key_created", actor="user")
    if account.program == "free_trial" or account.program == "education":
        return
    if account.card and rng.random() < 0.08:
        yield account.payment(rng, time + MINUTE, "declined")
    due = time + 3 * MINUTE
    while due < min(world.end, account.closed or world.end):
        yield account.payment(rng, due)
        due += _BILLING_DAYS * DAY + int(rng.uniform(-2, 2) * HOUR)


def _requests(world: World, account: Account, habit: Habit, rng: Random) -> Iterator[Timed]:
    moves = world.release + int(rng.expovariate(0.4) * DAY) if rng.random() < habit.moves_to_new_model else world.end
    last = 0
    for day in range(habit.first_day, min(world.plan.days, habit.last_day)):
        midnight = world.start + day * DAY
        if midnight + DAY <= account.opened:
            continue
        mean = habit.per_day * world.plan.rate * (1 + habit.growth) ** day
        for offset in habit.rhythm.arrivals(rng, day, mean):
            time = midnight + offset
            if time < account.opened + HOUR // 2 or (account.closed and time >= account.closed):
                continue
            if time >= moves:
                account.model = NEW_MODEL
            yield account.usage(rng, time, habit.workload.ask(rng, time - last > _SESSION), status(rng))
            last = time


def status(rng: Random) -> int:
    """HTTP status of an ordinary request."""
    draw = rng.random()
    for share, failure in _FAILURES:
        draw -= share
        if draw < 0:
            return failure
    return 200
