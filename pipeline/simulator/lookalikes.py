"""Honest groups whose requests look like distillation: they seek a model's abilities, at length, with few templates."""

from random import Random

from pipeline.simulator import identities, rhythms
from pipeline.simulator.addresses import Either, Fixed, Network, hosting_address
from pipeline.simulator.clock import DAY
from pipeline.simulator.draws import digest
from pipeline.simulator.life import Habit, live
from pipeline.simulator.people import Life, requests_per_day
from pipeline.simulator.prompts import capability_template, product_template
from pipeline.simulator.workloads import Chat, Items, Mixture, Templates, Workload
from pipeline.simulator.world import World, long_outputs


def evaluation_company(world: World, rng: Random, size: int) -> list[Life]:
    """Measures models for customers: many seats, capability tasks, long outputs, one rubric; open about who it is."""
    workload = Templates([*(capability_template(rng) for _ in range(rng.randint(2, 4))), *world.papers[:1]])
    return _laboratory(world, rng, size, "evaluation_company", workload, 20.0)


def synthetic_data_startup(world: World, rng: Random, size: int) -> list[Life]:
    """Makes training data for small classifiers, by contract: few templates, long outputs, much of it."""
    makers = [capability_template(rng), product_template(rng), product_template(rng)]
    return _laboratory(world, rng, size, "synthetic_data_startup", Templates(makers), 30.0)


def coding_agency(world: World, rng: Random, size: int) -> list[Life]:
    """Sells one coding agent to many clients: their accounts and cards, its prompt and servers, agentic tasks."""
    servers = [hosting_address(rng) for _ in range(2)]
    template = capability_template(rng)
    template.task = template.payload = "agentic"
    group = digest("coding_agency", rng.random())[:8]
    lives = []
    for _ in range(size):
        client = identities.person(rng, domain=identities.domain(rng))
        account = world.account(
            rng,
            "coding_agency",
            client,
            world.past(rng, 200),
            network=Fixed(servers),
            card=identities.card(rng, client.country.code),
            sizes=long_outputs(rng),
            max_tokens=8192,
            group=group,
        )
        habit = Habit(Templates([template]), rhythms.measured(rng, client.country.hours), 3 + 2 * requests_per_day(rng))
        lives.append(live(world, account, habit, signup_from=client.country.home(rng)))
    return lives


def researcher(world: World, rng: Random, size: int) -> list[Life]:
    """Runs public benchmarks, whose items others run too; a few at one institute, each with a grant's card."""
    where = identities.country(rng)
    institute = Fixed([where.homes[0].draw(rng)])
    group = digest("researcher", rng.random())[:8]
    lives = []
    for _ in range(size):
        account = world.account(
            rng,
            "researcher",
            identities.person(rng, where, "" if rng.random() < 0.5 else f"{group}.ac"),
            world.past(rng, 200),
            network=Either(institute, world.home(rng, where), 0.4),
            card=identities.card(rng, where.code),
            sizes=long_outputs(rng),
            max_tokens=8192,
            temperature=0.0,
            group=group,
        )
        items = [(0.4, Items(items)) for items in rng.sample(world.benchmarks, 2)]
        workload = Mixture([*items, (0.2, Chat())])
        habit = Habit(workload, rhythms.measured(rng, where.hours), rng.uniform(5, 30))
        lives.append(live(world, account, habit))
    return lives


def _laboratory(world: World, rng: Random, size: int, kind: str, workload: Workload, per_day: float) -> list[Life]:
    where, domain = identities.country(rng), identities.domain(rng)
    group = digest(kind, domain)[:8]
    office = Fixed([where.homes[-1].draw(rng)])
    servers = Fixed([hosting_address(rng) for _ in range(2)])
    card = identities.card(rng, where.code)
    attested = rng.random() < 0.2
    lives = []
    for _ in range(size):
        network: Network = Either(servers, office, rng.choice((0.1, 0.9)))
        opened = world.start - int(rng.uniform(5, 200) * DAY)
        account = world.account(
            rng,
            kind,
            identities.person(rng, where, domain),
            opened,
            network=network,
            card=card if rng.random() < 0.7 else identities.card(rng, where.code),
            program="enterprise" if attested else "pay_as_you_go",
            org_id=f"org_{group}" if rng.random() < 0.7 else None,
            sizes=long_outputs(rng),
            max_tokens=8192,
            model="atlas-large-2",
            group=group,
        )
        extra = [account.action(rng, opened + DAY, "verified", "contract", "sales")] if attested else []
        habit = Habit(workload, rhythms.measured(rng, where.hours), rng.uniform(0.3, 1.7) * per_day, 0.01, 0.8)
        lives.append(live(world, account, habit, *extra))
    return lives
