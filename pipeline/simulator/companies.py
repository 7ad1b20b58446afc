"""Honest organisations: start-ups, companies, coworking spaces, agencies, contractors of a translation house."""

from random import Random

from pipeline.simulator import identities, rhythms
from pipeline.simulator.account import Account
from pipeline.simulator.addresses import Either, Fixed, Network, Pool, hosting_address
from pipeline.simulator.clock import DAY, HOUR
from pipeline.simulator.draws import digest
from pipeline.simulator.failover import shared
from pipeline.simulator.identities import Country
from pipeline.simulator.life import Habit, live
from pipeline.simulator.people import Life, own_products, requests_per_day
from pipeline.simulator.prompts import Template, product_template
from pipeline.simulator.workloads import Chat, Mixture, Templates
from pipeline.simulator.world import World


def startup(world: World, rng: Random, size: int) -> list[Life]:
    """A few seats, one product, the founder's card, an office and homes."""
    where, domain = identities.country(rng), identities.domain(rng)
    office, group = Fixed([where.homes[-1].draw(rng)]), digest("startup", domain)[:8]
    card = identities.card(rng, where.code)
    product = [product_template(rng) for _ in range(rng.randint(1, 3))]
    server = Fixed([hosting_address(rng)])
    lives = []
    for seat in range(size):
        network: Network = server if seat == 0 else Either(office, world.home(rng, where), 0.4)
        account = world.account(
            rng,
            "startup",
            identities.person(rng, where, domain),
            world.past(rng),
            network=network,
            card=card if rng.random() < 0.8 else identities.card(rng, where.code),
            program="startup",
            org_id=f"org_{group}" if rng.random() < 0.6 else None,
            group=group,
        )
        rhythm = rhythms.measured(rng, where.hours) if seat == 0 else rhythms.person(rng, where.hours, working=True)
        workload = Mixture([(0.7, Templates(product)), (0.3, Chat())])
        lives.append(
            live(world, account, Habit(workload, rhythm, requests_per_day(rng) * (6 if seat == 0 else 1), 0.02))
        )
    return lives


def company(world: World, rng: Random, size: int) -> list[Life]:
    """Many seats behind one network, paid by invoice or few cards; most are known to the provider by contract.

    Some run an app on the keys of several seats, and it fails over from one to another.
    """
    where, domain = identities.country(rng), identities.domain(rng)
    group, attested = digest("company", domain)[:8], rng.random() < 0.6
    egress = _egress(world, rng, where)
    cards = [identities.card(rng, where.code) for _ in range(rng.randint(1, 3))]
    templates = [product_template(rng) for _ in range(rng.randint(2, 8))]
    begins = world.start - rng.randint(-2, 300) * DAY
    # Some get all seats on one morning.
    growth = 2 * HOUR if rng.random() < 0.4 else int((world.end - begins) * 0.9)
    seats: list[Account] = []
    lives: list[Life] = []
    for _ in range(size):
        opened = begins + 9 * HOUR + int(rng.random() ** 2 * growth)
        account = world.account(
            rng,
            "company",
            identities.person(rng, where, domain),
            opened,
            network=Either(egress, world.home(rng, where), rng.uniform(0, 0.3)),
            card=None if attested else rng.choice(cards),
            program="enterprise" if attested else "pay_as_you_go",
            org_id=f"org_{group}",
            group=group,
        )
        verified = [account.action(rng, opened + DAY, "verified", "contract", "sales")] if attested else []
        workload = Mixture([(0.6, Templates(rng.sample(templates, 2))), (0.4, Chat())])
        habit = Habit(workload, rhythms.person(rng, where.hours, True), requests_per_day(rng))
        seats.append(account)
        lives.append(live(world, account, habit, *verified))
    if rng.random() < 0.4:
        app = Habit(Templates(templates[:2]), rhythms.measured(rng, where.hours), 6 * requests_per_day(rng))
        lives.append(shared(world, seats[:6], app, world.stream("app", group)))
    return lives


def _egress(world: World, rng: Random, where: Country) -> Network:
    """Own addresses, or a security vendor's that other companies leave through too."""
    if rng.random() < 0.5:
        return Pool(rng.choice(world.gateways), rng.getrandbits(48), 8 * HOUR)
    return Fixed([where.homes[-1].draw(rng) for _ in range(rng.randint(1, 2))])


def coworking(world: World, rng: Random, size: int) -> list[Life]:
    """Freelancers who share a room's network and nothing else."""
    where, group = identities.country(rng), digest("coworking", rng.random())[:8]
    room = Fixed([where.homes[0].draw(rng)])
    lives = []
    for _ in range(size):
        owner = identities.person(rng, where)
        account = world.account(
            rng,
            "coworking",
            owner,
            world.past(rng),
            network=Either(room, world.home(rng, where), 0.5),
            card=identities.card(rng, where.code),
            group=group,
        )
        lives.append(
            live(
                world, account, Habit(own_products(rng), rhythms.person(rng, where.hours, True), requests_per_day(rng))
            )
        )
    return lives


def agency(world: World, rng: Random, size: int) -> list[Life]:
    """An agency runs one app for many clients from its own servers: the clients' accounts, cards and names differ."""
    where, group = identities.country(rng), digest("agency", rng.random())[:8]
    servers = Fixed([hosting_address(rng) for _ in range(rng.randint(1, 3))])
    app = [product_template(rng) for _ in range(rng.randint(1, 2))]
    lives = []
    for _ in range(size):
        account = world.account(
            rng,
            "agency",
            identities.person(rng, where, identities.domain(rng)),
            world.past(rng, 250),
            network=servers,
            card=identities.card(rng, where.code),
            client=identities.API_CLIENTS[0],
            group=group,
        )
        office = Fixed([where.homes[0].draw(rng)])
        habit = Habit(Templates(app), rhythms.measured(rng, where.hours), 2 * requests_per_day(rng), 0.01)
        lives.append(live(world, account, habit, signup_from=office))
    return lives


def contractors(world: World, rng: Random, size: int) -> list[Life]:
    """Gig workers of a translation house: own accounts, cards and homes, the house's guidelines word for word."""
    group = digest("contractors", rng.random())[:8]
    guidelines = [_guidelines(rng) for _ in range(2)]
    lives = []
    for _ in range(size):
        owner = identities.person(rng)
        account = world.account(
            rng,
            "contractors",
            owner,
            world.past(rng, 60),
            card=identities.card(rng, owner.country.code, prepaid=0.2),
            group=group,
        )
        workload = Mixture([(0.8, Templates(guidelines)), (0.2, Chat())])
        lives.append(
            live(world, account, Habit(workload, rhythms.person(rng, owner.country.hours, True), requests_per_day(rng)))
        )
    return lives


def _guidelines(rng: Random) -> Template:
    template = product_template(rng)
    return Template(template.ideas, "statement", "translation", (2, 6), rng.random() < 0.5)
