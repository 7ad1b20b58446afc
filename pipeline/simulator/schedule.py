"""All actors' events as they reach the provider's topics: in time order, with retries and late ones as in life."""

import heapq
from collections.abc import Iterable, Iterator
from itertools import count
from operator import itemgetter
from random import Random

from pipeline.simulator.account import Record, SignupRecord, Timed
from pipeline.simulator.clock import HOUR, MINUTE, SECOND
from pipeline.simulator.population import populate
from pipeline.simulator.truth import Truth
from pipeline.simulator.world import Plan, World

# Share of records that a producer sends twice, and share that arrive late.
_TWICE, _LATE = 0.003, 0.004
_LATEST = 6 * HOUR


def simulate(plan: Plan, truth: Truth | None = None) -> Iterator[Timed]:
    """(arrival, record), in order of arrival; memory is bounded by accounts, not by events.

    `truth` gets a row for each account as its sign-up passes.
    """
    world = World(plan)
    lives = populate(world)
    known = {account.account_id: account for account in world.accounts}
    for time, record in _delivered(_until(heapq.merge(*lives, key=itemgetter(0)), world.end), world.stream("delivery")):
        if truth is not None and isinstance(record, SignupRecord):
            if record.account_id not in known:
                known |= {account.account_id: account for account in world.accounts[len(known) :]}
            truth.add(known[record.account_id])
        yield time, record


def _until(events: Iterable[Timed], end: int) -> Iterator[Timed]:
    for event in events:
        if event[0] >= end:
            return
        yield event


def _delivered(events: Iterable[Timed], rng: Random) -> Iterator[Timed]:
    """Events at their time of arrival: nearly all at once, a few late, a few twice."""
    waiting: list[tuple[int, int, Record]] = []
    order = count()
    for time, record in events:
        while waiting and waiting[0][0] <= time:
            arrival, _, earlier = heapq.heappop(waiting)
            yield arrival, earlier
        draw = rng.random()
        if draw < _LATE:
            heapq.heappush(waiting, (time + rng.randint(MINUTE, _LATEST), next(order), record))
            continue
        yield time, record
        if draw < _LATE + _TWICE:
            heapq.heappush(waiting, (time + rng.randint(SECOND, MINUTE), next(order), record))
    for arrival, _, record in sorted(waiting):
        yield arrival, record
