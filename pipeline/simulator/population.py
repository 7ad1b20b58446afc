"""The population: a row for each kind of honest account, the operators on top."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from pipeline.simulator import companies, households, lookalikes, people, schools
from pipeline.simulator.failover import Failover
from pipeline.simulator.people import Life
from pipeline.simulator.ring import Ring
from pipeline.simulator.tradecraft import levels
from pipeline.simulator.world import World


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of honest account: its share of all honest accounts, how many make a group, who builds one."""

    share: float
    smallest: int
    largest: int
    build: Callable[[World, Random, int], Sequence[Life | Failover]]


class Group(NamedTuple):
    """Lives that are told together.

    An iterator of those `apart` comes out the same before, after and without all others. All failovers of a kind go on
    with its stream `rng`, once all its groups are made.
    """

    lives: Sequence[Life | Failover]
    rng: Random
    apart: bool = True


# What the shares leave over are individuals.
HONEST = (
    Kind(0.20, 1, 1, people.chat_user),
    Kind(0.06, 1, 1, people.framework_user),
    Kind(0.06, 1, 1, people.tool_user),
    Kind(0.04, 1, 1, people.tutorial_reader),
    Kind(0.02, 1, 1, people.prompt_pack_buyer),
    Kind(0.03, 1, 1, people.vpn_user),
    Kind(0.04, 1, 1, people.mobile_user),
    Kind(0.02, 1, 1, people.private_person),
    Kind(0.015, 1, 1, people.cron_user),
    Kind(0.01, 1, 1, people.cloud_desktop_user),
    Kind(0.008, 1, 1, people.banned_person),
    Kind(0.008, 1, 1, people.power_user),
    Kind(0.003, 1, 1, people.leaked_key),
    Kind(0.02, 2, 3, households.household),
    Kind(0.012, 2, 2, households.two_accounts),
    Kind(0.04, 20, 60, schools.course),
    Kind(0.02, 15, 35, schools.hackathon),
    Kind(0.04, 2, 6, companies.startup),
    Kind(0.07, 12, 45, companies.company),
    Kind(0.01, 8, 16, companies.coworking),
    Kind(0.015, 8, 25, companies.agency),
    Kind(0.012, 8, 20, companies.contractors),
    Kind(0.015, 8, 25, lookalikes.evaluation_company),
    Kind(0.01, 4, 12, lookalikes.synthetic_data_startup),
    Kind(0.01, 6, 18, lookalikes.coding_agency),
    Kind(0.012, 2, 5, lookalikes.researcher),
)
SMALLEST_RING, LARGEST_RING = 20, 60
# Operators never make up more than this share of all accounts.
MOST_ABUSE = 0.3


def populate(world: World) -> Iterator[Group]:
    """Every actor of the world, made as they are asked for. Honest ones come first: proxies exit from their homes."""
    sizes = _ring_sizes(world)
    honest = world.plan.accounts - sum(sizes)
    for kind in HONEST:
        rng = world.stream("kind", kind.build.__name__)
        for lives in _fill(world, kind, rng, honest):
            yield Group(lives, rng)
    rng = world.stream("individuals")
    while len(world.accounts) < honest:
        yield Group(people.individual(world, rng, 1), rng)
    for i, size in enumerate(sizes):
        yield Group([Ring(world, levels()[i % len(levels())], i + 1, size).life()], rng, apart=False)


def _fill(world: World, kind: Kind, rng: Random, honest: int) -> Iterator[Sequence[Life | Failover]]:
    room = honest - len(world.accounts)
    left = min(room, max(kind.smallest, round(kind.share * honest)))
    while left >= kind.smallest:
        size = min(left, rng.randint(kind.smallest, kind.largest))
        yield kind.build(world, rng, size)
        left -= size


def _ring_sizes(world: World) -> list[int]:
    rng = world.stream("sizes")
    sizes = [rng.randint(SMALLEST_RING, LARGEST_RING) for _ in range(world.plan.operators)]
    most = MOST_ABUSE * world.plan.accounts
    scale = min(1.0, most / sum(sizes)) if sizes else 1.0
    return [max(2, int(size * scale)) for size in sizes]
