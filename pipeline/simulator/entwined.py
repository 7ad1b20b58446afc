"""Lives that draw from one random stream: the order in which they act decides what each of them draws."""

from collections.abc import Iterator
from random import Random

from pipeline.simulator.account import Record
from pipeline.simulator.failover import Failover
from pipeline.simulator.runs import Placed
from pipeline.simulator.waiting import Waiting
from pipeline.simulator.world import World

_UNBORN = 0  # before all events: who has sent nothing yet draws first, each in its place


class Entwined:
    """Lives with a stream in common; all but the one that acts wait on disk, each with its next event."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: Waiting[tuple[Record | None, Failover]] = Waiting()

    def add(self, place: int, life: Failover) -> None:
        """Add a life by its place among all lives."""
        self._waiting.put(_UNBORN, place, (None, life))

    def events(self, rng: Random) -> Iterator[Placed]:
        """All their events in order, as they draw them from the stream."""
        while self._waiting.first:
            time, place = self._waiting.first
            record, life = self._waiting.take()
            if record is not None:
                yield time, place, record
            following = life.request(self._world, rng)
            if following is not None and following[0] < self._world.end:
                self._waiting.put(following[0], place, (following[1], life))
