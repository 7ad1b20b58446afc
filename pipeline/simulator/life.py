"""The life of an account that acts by itself: sign-up, payments, requests by its rhythm, the provider's actions."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from operator import itemgetter
from random import Random

from pipeline.simulator.account import Account, Timed
from pipeline.simulator.addresses import Network
from pipeline.simulator.clock import DAY, HOUR, MINUTE, SECOND
from pipeline.simulator.rhythms import Rhythm
from pipeline.simulator.workloads import Workload
from pipeline.simulator.world import NEW_MODEL, World

# A pause this long ends a conversation.
_SESSION = 20 * MINUTE
# Status of requests that client libraries send again by themselves, and how often they do.
_AGAIN, _RETRIED = frozenset({429, 500, 529}), 0.6
_BILLING_DAYS = 30
# Events besides requests that are kept until they are due: payments of a year. Those of longer lives are drawn twice.
_KEPT = 16
_NEVER = 2**62


@dataclass(slots=True)
class Habit:
    """How an account is used: what for, when, how much a day, how that grows per day; nothing after `until`."""

    workload: Workload
    rhythm: Rhythm
    per_day: float
    growth: float = 0.0
    moves_to_new_model: float = 0.35
    first_day: int = 0
    until: int = _NEVER


def live(
    world: World, account: Account, habit: Habit, *extra: Timed, signup_from: Network | None = None
) -> Iterator[Timed]:
    """All events of one account, in time order. `extra` are events of its own besides the usual."""
    rng = world.stream("life", account.account_id)
    until = min(world.end, habit.until, account.closed or _NEVER)
    milestones = _milestones(account, rng, signup_from, until)
    kept: Iterable[Timed] = list(islice(milestones, _KEPT))
    if sum(1 for _ in milestones):  # requests are drawn from where these end, so they are drawn now, and again when due
        again = _milestones(account, world.stream("life", account.account_id), signup_from, until)
        kept = chain(kept, islice(again, _KEPT, None))
    own = sorted(extra, key=itemgetter(0))
    return heapq.merge(kept, own, _requests(world, account, habit, rng, until), key=itemgetter(0))


def _milestones(account: Account, rng: Random, signup_from: Network | None, until: int) -> Iterator[Timed]:
    yield account.signup(rng, signup_from)
    time = account.opened + int(rng.uniform(1, 20) * MINUTE)
    yield account.action(rng, time, "key_created", actor="user")
    if account.program in ("free_trial", "education"):
        return
    if account.card and rng.random() < 0.08:
        yield account.payment(rng, time + MINUTE, "declined")
    due = time + 3 * MINUTE
    while due < until:
        yield account.payment(rng, due)
        due += _BILLING_DAYS * DAY + int(rng.uniform(-2, 2) * HOUR)


def _requests(world: World, account: Account, habit: Habit, rng: Random, until: int) -> Iterator[Timed]:
    moves = world.release + int(rng.expovariate(0.4) * DAY) if rng.random() < habit.moves_to_new_model else _NEVER
    begins = account.opened + HOUR // 2
    last = 0
    for day in range(habit.first_day, world.plan.days):
        midnight = world.start + day * DAY
        if midnight + DAY <= begins:
            continue
        mean = habit.per_day * world.plan.rate * (1 + habit.growth) ** day
        for offset in habit.rhythm.arrivals(rng, day, mean):
            time = max(midnight + offset, last + 1)
            if time >= until:
                return
            if time < begins:
                continue
            if time >= moves:
                account.model = NEW_MODEL
            prompt = habit.workload.ask(rng, time - last > _SESSION)
            code = world.status(rng, time)
            yield account.usage(rng, time, prompt, code)
            last = time
            if code in _AGAIN and rng.random() < _RETRIED:
                last = time + int(rng.uniform(0.5, 8) * SECOND)
                yield account.usage(rng, last, prompt, world.status(rng, last))
