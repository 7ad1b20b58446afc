"""Honest people on their own: most accounts."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from pipeline.simulator import identities, rhythms
from pipeline.simulator.account import Account, Timed
from pipeline.simulator.addresses import Either, Fixed, Network, hosting_address
from pipeline.simulator.clock import DAY, HOUR, MINUTE
from pipeline.simulator.draws import around, digest
from pipeline.simulator.life import Habit, live
from pipeline.simulator.prompts import PLAIN_SYSTEM, Prompt, capability_template, product_template
from pipeline.simulator.texts import Phrase, data
from pipeline.simulator.workloads import Chat, Mixture, Templates, Workload
from pipeline.simulator.world import World

Life = Iterator[Timed]
# Requests a day of one person: most send few, some very many.
MEDIAN_REQUESTS, REQUEST_SPREAD, MOST_REQUESTS = 2.6, 1.1, 120.0


def requests_per_day(rng: Random) -> float:
    """Requests a day of an ordinary account."""
    return min(MOST_REQUESTS, around(rng, MEDIAN_REQUESTS, REQUEST_SPREAD))


def own_products(rng: Random) -> Workload:
    """What a developer builds: a few templates of one's own, and chatting while building."""
    templates = Templates([product_template(rng) for _ in range(rng.choice((1, 1, 2, 3, 5)))])
    return Mixture([(0.75, templates), (0.25, Chat(greets=0.2))])


def solo(world: World, rng: Random, kind: str, workload: Workload, **details: object) -> tuple[Account, Habit]:
    """A person with an account of their own and a rhythm, at home and on the phone."""
    owner = identities.person(rng)
    program = rng.choices(("free_trial", "pay_as_you_go", "startup"), (0.4, 0.55, 0.05))[0]
    details.setdefault("program", program)
    home = world.home(rng, owner.country)
    details.setdefault("network", Either(home, owner.country.phone(rng), rng.choice((0, 0, 0.1, 0.4))))
    if details["program"] != "free_trial":
        details.setdefault("card", identities.card(rng, owner.country.code))
    account = world.account(rng, kind, owner, world.past(rng), **details)
    if isinstance(workload, Chat) or rng.random() < 0.4:
        rhythm: rhythms.Rhythm = rhythms.person(rng, owner.country.hours, rng.random() < 0.3)
    else:
        rhythm = rhythms.measured(rng, owner.country.hours)
    growth = rng.choice((0, 0, 0, 0.02, 0.06, -0.03))
    return account, Habit(workload, rhythm, requests_per_day(rng), growth)


def individual(world: World, rng: Random, size: int) -> list[Life]:
    """A developer."""
    return [live(world, *solo(world, rng, "individual", own_products(rng)))]


def chat_user(world: World, rng: Random, size: int) -> list[Life]:
    """Somebody who chats; no template ever repeats."""
    client = rng.choice(identities.BROWSERS)
    persona = (
        f"You are {rng.choice(('Max', 'Luna', 'Sage', 'Nova'))}, my personal assistant." if rng.random() < 0.2 else ""
    )
    chat = Chat(persona or PLAIN_SYSTEM)
    return [live(world, *solo(world, rng, "chat_user", chat, client=client, browser=client))]


def framework_user(world: World, rng: Random, size: int) -> list[Life]:
    """A developer on a popular framework, whose prompts thousands send."""
    return [_public_tool_user(world, rng, "framework_user", "framework", rng.choice(("statement", "question")))]


def tool_user(world: World, rng: Random, size: int) -> list[Life]:
    """Somebody who runs an open-source tool on a key of their own."""
    return [_public_tool_user(world, rng, "tool_user", "tool", "coding")]


def _public_tool_user(world: World, rng: Random, kind: str, section: str, talk: str) -> Life:
    entry = rng.choice(data("public")[section])
    workload = Chat(entry["system"], talk, ("coding", "agentic", "extraction"), greets=0.03)
    client = identities.Client(entry["agent"], identities.API_CLIENTS[0].ja4)
    return live(world, *solo(world, rng, kind, Mixture([(0.85, workload), (0.15, own_products(rng))]), client=client))


def tutorial_reader(world: World, rng: Random, size: int) -> list[Life]:
    """Somebody who follows a tutorial, then tries a bit; some with a throw-away mail address."""
    workload = Mixture([(0.5, PublicTexts("tutorial", rng)), (0.5, Chat(greets=0.5))])
    account, habit = solo(world, rng, "tutorial_reader", workload, program="free_trial")
    if rng.random() < 0.15:
        account.person = replace(account.person, email=identities.disposable_mail(rng))
    habit.per_day = 1.5
    return [live(world, account, habit)]


def prompt_pack_buyer(world: World, rng: Random, size: int) -> list[Life]:
    """Somebody who works with bought prompts that many others bought."""
    return [
        live(world, *solo(world, rng, "prompt_pack_buyer", Mixture([(0.7, PublicTexts("pack", rng)), (0.3, Chat())])))
    ]


class PublicTexts:
    """Prompts from a public collection, with words of one's own in the slots."""

    def __init__(self, section: str, rng: Random) -> None:
        entries = data("public")[section]
        self._texts = [entry["text"] for entry in rng.sample(entries, min(2, len(entries)))]
        self._phrases = [Phrase(text) for text in self._texts]

    def ask(self, rng: Random, fresh: bool) -> Prompt:
        """One of them."""
        choice = rng.randrange(len(self._texts))
        template = digest("public", self._texts[choice])[:16]
        return Prompt("", (self._phrases[choice].fill(rng),), template, "writing")


def vpn_user(world: World, rng: Random, size: int) -> list[Life]:
    """Somebody who is always behind a VPN that many use."""
    return [live(world, *solo(world, rng, "vpn_user", own_products(rng), network=world.vpn(rng)))]


def mobile_user(world: World, rng: Random, size: int) -> list[Life]:
    """Somebody with a phone only, behind the carrier's NAT."""
    account, habit = solo(world, rng, "mobile_user", Chat(greets=0.3))
    account.network = account.person.country.phone(rng)
    return [live(world, account, habit)]


def private_person(world: World, rng: Random, size: int) -> list[Life]:
    """Somebody who values privacy: VPN, prepaid card, a mail address without a name. Honest, and looks like hiding."""
    owner = identities.person(rng, domain="proton.me")
    account, habit = solo(
        world,
        rng,
        "private_person",
        own_products(rng),
        program="pay_as_you_go",
        network=Either(world.vpn(rng), world.vpn(rng), 0.3),
        card=identities.card(rng, owner.country.code, prepaid=0.9),
    )
    account.person = owner
    return [live(world, account, habit)]


def cron_user(world: World, rng: Random, size: int) -> list[Life]:
    """Somebody whose server asks the same every hour, at the minute."""
    templates = Templates([product_template(rng)])
    account, habit = solo(world, rng, "cron_user", templates, network=Fixed([hosting_address(rng)]))
    habit.rhythm = rhythms.Scheduled(rng.choice((HOUR, 2 * HOUR, 6 * HOUR)), rng.choice((0, 0, 5, 30)) * MINUTE)
    return [live(world, account, habit)]


def cloud_desktop_user(world: World, rng: Random, size: int) -> list[Life]:
    """Somebody on a cloned virtual desktop: the device fingerprint is one that strangers show too."""
    image = rng.choice(world.cloud_images)
    return [live(world, *solo(world, rng, "cloud_desktop_user", own_products(rng), device_id=image))]


def banned_person(world: World, rng: Random, size: int) -> list[Life]:
    """An honest account that the provider banned by mistake; some are let back in."""
    account, habit = solo(world, rng, "banned_person", own_products(rng))
    time = max(account.opened + DAY, world.within(rng, 0.2, 0.9))
    reason = rng.choice(("payment_risk", "policy", "automated_review"))
    actions = [account.action(rng, time, rng.choice(("banned", "banned", "suspended")), reason)]
    if rng.random() < 0.5:
        actions.append(account.action(rng, time + DAY, "reinstated", "appeal", "reviewer"))
        actions.append(account.reviewed(rng, time + DAY + MINUTE, "benign"))
    else:
        account.closed = time
    return [live(world, account, habit, *actions)]


def power_user(world: World, rng: Random, size: int) -> list[Life]:
    """A single honest researcher or founder who sends much, reasons much, and wants long answers."""
    workload = Templates([capability_template(rng) for _ in range(rng.randint(1, 3))] + rng.sample(world.papers, 1))
    account, habit = solo(world, rng, "power_user", workload, program="pay_as_you_go", max_tokens=8192)
    habit.per_day = rng.uniform(20, 60)
    raised = account.action(rng, account.opened + 2 * DAY, "limit_raised", "request", "sales")
    return [live(world, account, habit, raised)]


def leaked_key(world: World, rng: Random, size: int) -> list[Life]:
    """An honest account whose key was published: strangers' machines use it until it is revoked."""
    account, habit = solo(world, rng, "leaked_key", own_products(rng))
    leak = max(account.opened + HOUR, world.within(rng, 0.2, 0.6))
    thieves = [_Thief(world.vpn(rng)), _Thief(Fixed([hosting_address(rng)]))]
    revoked = leak + int(rng.uniform(0.2, 2) * DAY)
    stolen: list[Timed] = []
    for thief in thieves:
        stolen += thief.requests(rng, account, leak, min(revoked, world.end))
    stolen.append(account.action(rng, revoked, "key_revoked", "leaked", "user"))
    return [live(world, account, habit, *stolen)]


class _Thief:
    """A stranger with a stolen key."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._chat = Chat(greets=0.4)

    def requests(self, rng: Random, account: Account, first: int, last: int) -> list[Timed]:
        """What the thief sends, under the victim's key."""
        mine = account.network, account.client
        account.network, account.client = self._network, identities.API_CLIENTS[5]
        times = sorted(rng.randrange(first, max(first + 1, last)) for _ in range(rng.randint(3, 20)))
        sent = [account.usage(rng, time, self._chat.ask(rng, True)) for time in times]
        account.network, account.client = mine
        return sent
