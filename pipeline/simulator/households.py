"""Honest people who share a home or a person: couples, families, one person with two accounts."""

from dataclasses import replace
from random import Random

from pipeline.simulator import identities, rhythms
from pipeline.simulator.addresses import Either
from pipeline.simulator.draws import digest
from pipeline.simulator.failover import Failover
from pipeline.simulator.life import Habit, live
from pipeline.simulator.people import Life, own_products, requests_per_day
from pipeline.simulator.workloads import Chat
from pipeline.simulator.world import World


def household(world: World, rng: Random, size: int) -> list[Life]:
    """Two or three people on one line; some share a card, or the family computer."""
    where = identities.country(rng)
    home, group = world.home(rng, where), digest("household", rng.random())[:8]
    surname = identities.person(rng, where).surname
    shared_card = identities.card(rng, where.code) if rng.random() < 0.6 else None
    shared_device = identities.device(rng) if rng.random() < 0.4 else None
    lives = []
    for _ in range(size):
        owner = replace(identities.person(rng, where), surname=surname)
        account = world.account(
            rng,
            "household",
            owner,
            world.past(rng),
            network=Either(home, where.phone(rng), 0.15),
            card=shared_card or identities.card(rng, where.code),
            device_id=shared_device,
            group=group,
        )
        workload = own_products(rng) if rng.random() < 0.4 else Chat()
        lives.append(live(world, account, Habit(workload, rhythms.person(rng, where.hours), requests_per_day(rng))))
    return lives


def two_accounts(world: World, rng: Random, size: int) -> list[Life | Failover]:
    """One person with an account for work and one in private, who goes on with the other when one is limited."""
    owner = identities.person(rng)
    home, group = world.home(rng, owner.country), digest("two", rng.random())[:8]
    device, browser = identities.device(rng), rng.choice(identities.BROWSERS)
    card = identities.card(rng, owner.country.code)
    pair = [
        world.account(
            rng,
            "two_accounts",
            replace(owner, email=email),
            world.past(rng),
            network=home,
            device_id=device,
            browser=browser,
            card=card,
            group=group,
        )
        for email in (owner.email, f"{owner.given}@{identities.domain(rng)}".lower())
    ]
    habit = Habit(Chat(), rhythms.person(rng, owner.country.hours), 3 + requests_per_day(rng))
    idle = Habit(habit.workload, habit.rhythm, 0.0)
    return [*(live(world, account, idle) for account in pair), Failover(pair, habit)]
