"""All actors' events as they reach the provider's topics: in time order, with retries and late ones as in life."""

import heapq
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import count
from random import Random

from pipeline.errors import HydratraceError
from pipeline.simulator.account import Record, SignupRecord, Timed
from pipeline.simulator.clock import HOUR, MINUTE, SECOND
from pipeline.simulator.entwined import Entwined
from pipeline.simulator.failover import Failover
from pipeline.simulator.people import Life
from pipeline.simulator.population import populate
from pipeline.simulator.runs import Placed, Runs
from pipeline.simulator.truth import Truth
from pipeline.simulator.waiting import Waiting
from pipeline.simulator.world import Plan, World

# Share of records that a producer sends twice, and share that arrive late.
_TWICE, _LATE = 0.003, 0.004
_LATEST = 6 * HOUR
# Honest accounts that live at once, 20 MB of them; earlier ones have lived into a file. Worlds of usual size need none.
_BATCH = 2000


def simulate(plan: Plan, truth: Truth | None = None) -> Iterator[Timed]:
    """(arrival, record), in order of arrival.

    No honest account and no day is held in memory; operators are, whose accounts live at once. Events of all but the
    last of them wait in temporary files. `truth` gets a row for each account as its sign-up passes.
    Raises HydratraceError when those files cannot be written.
    """
    world = World(plan)
    try:
        with Runs() as runs:
            for time, record in _delivered(_lived(world, runs), world.stream("delivery")):
                if truth is not None and isinstance(record, SignupRecord):
                    truth.add(world.accounts.named(record.account_id))
                yield time, record
    except (OSError, sqlite3.Error) as error:
        raise HydratraceError(
            f"temporary files cannot be written ({error})", remedy="name a folder with room in TMPDIR"
        ) from None


def _lived(world: World, runs: Runs) -> Iterator[Timed]:
    """All events at the time when they happen."""
    places = count()
    entwined: dict[Random, Entwined] = {}
    together: list[Iterator[Placed]] = []
    batch: list[Iterator[Placed]] = []
    for group in populate(world):
        for life, place in zip(group.lives, places, strict=False):
            if isinstance(life, Failover):
                if group.rng not in entwined:
                    entwined[group.rng] = Entwined(world)
                entwined[group.rng].add(place, life)
            else:
                (batch if group.apart else together).append(_placed(life, place, world.end))
        if len(batch) >= _BATCH:
            runs.add(heapq.merge(*batch))
            batch = []
    turns = [lives.events(rng) for rng, lives in entwined.items()]
    for time, _, record in heapq.merge(runs.merged(), *turns, *together, *batch):
        yield time, record


def _placed(life: Life, place: int, end: int) -> Iterator[Placed]:
    for time, record in life:
        if time >= end:
            return
        yield time, place, record


def _delivered(events: Iterable[Timed], rng: Random) -> Iterator[Timed]:
    """Events at their time of arrival: nearly all at once, a few late, a few twice."""
    waiting: Waiting[Record] = Waiting()
    order = count()
    for time, record in events:
        while waiting.first and waiting.first[0] <= time:
            yield waiting.first[0], waiting.take()
        draw = rng.random()
        if draw < _LATE:
            waiting.put(time + rng.randint(MINUTE, _LATEST), next(order), record)
            continue
        yield time, record
        if draw < _LATE + _TWICE:
            waiting.put(time + rng.randint(SECOND, MINUTE), next(order), record)
    while waiting.first:
        yield waiting.first[0], waiting.take()
