"""Honest crowds that do the same thing at once: courses and hackathons."""

from random import Random

from pipeline.simulator import identities, rhythms
from pipeline.simulator.addresses import Either, Fixed, hosting_address
from pipeline.simulator.clock import DAY, HOUR
from pipeline.simulator.draws import digest
from pipeline.simulator.life import Habit, live
from pipeline.simulator.people import Life, own_products, requests_per_day
from pipeline.simulator.prompts import Idea, Template
from pipeline.simulator.texts import Phrase, company_name, data
from pipeline.simulator.workloads import Chat, Mixture, Templates
from pipeline.simulator.world import World


def course(world: World, rng: Random, size: int) -> list[Life]:
    """Students who got the same exercises, on the campus network and at home."""
    where, group = identities.country(rng), digest("course", rng.random())[:8]
    campus = Fixed([where.homes[0].draw(rng) for _ in range(rng.randint(1, 3))])
    domain = f"{company_name(rng).lower()}.edu"
    exercises = [_exercise(rng, "course") for _ in range(rng.randint(1, 3))]
    term_begins = world.start - rng.randint(0, 20) * DAY + 9 * HOUR
    lives = []
    for _ in range(size):
        own_mail = rng.random() < 0.25
        account = world.account(
            rng,
            "course",
            identities.person(rng, where, "" if own_mail else domain),
            term_begins + int(rng.expovariate(1 / (3 * HOUR))),
            network=Either(world.home(rng, where), campus, rng.uniform(0.2, 0.8)),
            program="education",
            org_id=None if own_mail else f"org_{group}",
            model="atlas-small-2" if rng.random() < 0.7 else None,
            group=group,
        )
        workload = Mixture([(0.75, Templates(exercises)), (0.25, Chat())])
        habit = Habit(workload, rhythms.person(rng, where.hours), 0.5 * requests_per_day(rng))
        lives.append(live(world, account, habit, signup_from=campus))
    return lives


def hackathon(world: World, rng: Random, size: int) -> list[Life]:
    """Teams on one venue's network for a weekend, with the sponsor's starter kit and free credit."""
    where, group = identities.country(rng), digest("hackathon", rng.random())[:8]
    venue = Fixed([hosting_address(rng) if rng.random() < 0.2 else where.homes[-1].draw(rng)])
    kit = _exercise(rng, "starter")
    day = min(4 + 7 * rng.randrange(2), max(0, world.plan.days - 2))
    begins = world.start + day * DAY + 16 * HOUR
    lives = []
    for _ in range(size):
        account = world.account(
            rng,
            "hackathon",
            identities.person(rng, where if rng.random() < 0.8 else None),
            begins + int(rng.expovariate(1 / (0.7 * HOUR))),
            network=venue,
            program="free_trial",
            group=group,
        )
        workload = Mixture([(0.7, Templates([kit])), (0.3, own_products(rng))])
        habit = Habit(workload, rhythms.person(rng, where.hours), rng.uniform(10, 50), first_day=day)
        habit.until = world.start + (day + 3) * DAY
        lives.append(live(world, account, habit))
    return lives


def _exercise(rng: Random, section: str) -> Template:
    idea = Idea((Phrase(rng.choice(data("public")[section])["text"]),), rng.getrandbits(32))
    return Template((idea,), "statement", rng.choice(("writing", "coding", "extraction")), (1, 4), in_system=False)
