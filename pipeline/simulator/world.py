"""What all actors share: the span, the models on offer, pools of addresses, public texts."""

from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from typing import Any

import msgspec

from pipeline.simulator import rhythms
from pipeline.simulator.account import Account, Sizes
from pipeline.simulator.addresses import Home, Network, Pool, hosting_address
from pipeline.simulator.clock import DAY, HOUR, MINUTE
from pipeline.simulator.draws import digest, stream
from pipeline.simulator.filed import Filed
from pipeline.simulator.identities import API_CLIENTS, BROWSERS, Card, Country, Person, country, device
from pipeline.simulator.prompts import Prompt, Template, capability_template
from pipeline.simulator.texts import Phrase, data

MODELS = ("atlas-large-2", "atlas-large-2", "atlas-mid-2", "atlas-mid-2", "atlas-small-2")
NEW_MODEL = "atlas-large-3"
VPN_BRANDS, VPN_EXITS = 5, 30
GATEWAYS, GATEWAY_EXITS = 3, 8
VENDORS, VENDOR_EXITS = 3, 400
# Device fingerprints that many unrelated machines show, since they are clones of one image.
CLOUD_IMAGES = 4
# Share of a proxy vendor's exits that are lines of honest households.
VENDOR_HOMES = 0.5
# Shares of requests which fail in ways that mean nothing, and their status.
FAILURES = ((0.004, 500), (0.006, 400), (0.012, 429))
OUTAGE = 25 * MINUTE


@dataclass(frozen=True)
class Plan:
    """What to simulate: everything follows from it, bit for bit."""

    accounts: int
    operators: int
    days: int
    seed: int
    start: int
    rate: float = 1.0
    raw_prompts: bool = False


class Neighbour(msgspec.Struct, frozen=True):
    """What remains of an account for others: to rob it, to pass as its colleague, and for the truth."""

    account_id: str
    kind: str
    label: str
    operator: str
    group: str
    email: str
    country: str
    org_id: str | None
    program: str
    card: Card | None


@dataclass
class World:
    """The provider's surroundings. Actors register the accounts they make, and the homes."""

    plan: Plan
    accounts: Filed[Neighbour] = field(default_factory=lambda: Filed(Neighbour))
    homes: Filed[Home] = field(default_factory=lambda: Filed(Home))

    @property
    def start(self) -> int:
        """Begin of the first simulated day."""
        return self.plan.start

    @property
    def end(self) -> int:
        """End of the last simulated day."""
        return self.plan.start + self.plan.days * DAY

    @cached_property
    def release(self) -> int:
        """When a new model comes out, and many move to it."""
        return self.start + int(self.plan.days * DAY * 0.45)

    @cached_property
    def outage(self) -> int:
        """When the provider's service breaks down for a while."""
        return self.within(self.stream("outage"), 0.1, 0.9)

    def stream(self, *name: object) -> Random:
        """A random stream of this world."""
        return stream(self.plan.seed, *name)

    def account(self, rng: Random, kind: str, person: Person, opened: int, **details: Any) -> Account:
        """A new account; what `details` leave open is drawn as for an ordinary person."""
        account_id = f"acct_{digest(self.plan.seed, 'account', len(self.accounts))[:12]}"
        client = rng.choice(rhythms.clients())
        account = Account(
            account_id=account_id,
            kind=kind,
            person=person,
            opened=opened,
            browser=details.pop("browser", None) or rng.choice(BROWSERS),
            client=details.pop("client", None) or API_CLIENTS[int(rng.random() ** 2 * len(API_CLIENTS))],
            network=details.pop("network", None) or self.home(rng, person.country),
            sizes=details.pop("sizes", None) or Sizes(client.input_tokens, client.output_tokens),
            model=details.pop("model", None) or rng.choice(MODELS),
            device_id=details.pop("device_id", None) or device(rng),
            max_tokens=details.pop("max_tokens", None) or rng.choice((512, 1024, 1024, 2048, 4096, 4096, 8192)),
            temperature=details.pop("temperature", rng.choice((None, None, None, 0.0, 0.2, 0.7, 0.7, 1.0))),
            endpoint=rng.choice(("/v1/messages", "/v1/messages", "/v1/chat/completions")),
            sends_raw=self.plan.raw_prompts and rng.random() < RAW_SHARE,
            keys=[f"key_{rng.getrandbits(48):012x}"],
            **details,
        )
        self._register(account)
        return account

    def _register(self, account: Account) -> None:
        person = account.person
        neighbour = Neighbour(
            account.account_id,
            account.kind,
            account.label,
            account.operator,
            account.group,
            person.email,
            person.country.code,
            account.org_id,
            account.program,
            account.card,
        )
        self.accounts.append(neighbour, account.account_id)

    def home(self, rng: Random, where: Country) -> Home:
        """A line at home, which a proxy vendor may exit from."""
        home = where.home(rng)
        self.homes.append(home)
        return home

    def status(self, rng: Random, time: int) -> int:
        """HTTP status of an ordinary request: failures mean nothing, and in an outage all accounts share them."""
        draw = rng.random()
        if self.outage <= time < self.outage + OUTAGE and draw < 0.6:
            return 529
        for share, failure in FAILURES:
            draw -= share
            if draw < 0:
                return failure
        return 200

    def past(self, rng: Random, days: float = 120.0) -> int:
        """A time of sign-up: mostly in the `days` before the span, some within it, some on the day of the news."""
        if rng.random() < 0.03:
            return self.release + int(rng.expovariate(1 / (3 * HOUR)))
        if rng.random() < 0.22:
            return self.within(rng, 0.0, 0.85)
        return self.start - HOUR - int(rng.random() ** 0.7 * days * DAY)

    def within(self, rng: Random, first: float, last: float) -> int:
        """A time between these shares of the span."""
        return self.start + int(rng.uniform(first, last) * (self.end - self.start))

    @cached_property
    def vpns(self) -> tuple[tuple[str, ...], ...]:
        """Exits of each VPN brand."""
        return self._exits("vpn", VPN_BRANDS, VPN_EXITS)

    @cached_property
    def gateways(self) -> tuple[tuple[str, ...], ...]:
        """Exits of each secure web gateway that companies send their traffic through."""
        return self._exits("gateway", GATEWAYS, GATEWAY_EXITS)

    @cached_property
    def cloud_images(self) -> tuple[str, ...]:
        """Device fingerprints of cloned machines."""
        return tuple(device(self.stream("image", number)) for number in range(CLOUD_IMAGES))

    def vendor(self, number: int, rng: Random, sticky: int) -> Pool:
        """Residential exits of a proxy vendor, many of them honest homes; several operators rent from one."""
        return Pool(self._vendors[number % VENDORS], rng.getrandbits(48), sticky)

    @cached_property
    def _vendors(self) -> tuple[tuple[str, ...], ...]:
        return tuple(self._vendor_exits(self.stream("vendor", number)) for number in range(VENDORS))

    def _vendor_exits(self, rng: Random) -> tuple[str, ...]:
        borrowed = rng.sample(self.homes, min(len(self.homes), int(VENDOR_HOMES * VENDOR_EXITS)))
        exits = [home.address(rng, self.within(rng, 0, 1)) for home in borrowed]
        while len(exits) < VENDOR_EXITS:
            exits.append(rng.choice(country(rng).homes).draw(rng))
        return tuple(exits)

    def vpn(self, rng: Random) -> Network:
        """A VPN subscription."""
        return Pool(rng.choice(self.vpns), rng.getrandbits(48), 6 * HOUR)

    @cached_property
    def benchmarks(self) -> tuple[tuple[Prompt, ...], ...]:
        """Items of each public benchmark, the same for everybody."""
        return tuple(
            _items(self.stream("benchmark", number), entry, number)
            for number, entry in enumerate(data("public")["benchmark"])
        )

    @cached_property
    def papers(self) -> list[Template]:
        """Published prompts that seek a model's abilities: researchers, power users and operators all try them."""
        return [capability_template(self.stream("paper", number)) for number in range(3)]

    def _exits(self, name: str, brands: int, exits: int) -> tuple[tuple[str, ...], ...]:
        rng = self.stream(name)
        return tuple(tuple(hosting_address(rng) for _ in range(exits)) for _ in range(brands))


# Share of accounts whose requests carry the prompt itself when raw prompts are asked for.
RAW_SHARE = 0.35
_BENCHMARK_TASKS = ("math", "reasoning", "coding")


def _items(rng: Random, entry: dict[str, Any], number: int) -> tuple[Prompt, ...]:
    phrase = Phrase(entry["text"])
    template = digest("benchmark", entry["text"])[:16]
    task = _BENCHMARK_TASKS[number % len(_BENCHMARK_TASKS)]
    return tuple(Prompt("", (phrase.fill(rng),), template, task) for _ in range(entry["items"]))


def long_outputs(rng: Random) -> Sizes:
    """Token sizes of a client that has a reasoning model write at length."""
    client = rng.choice(rhythms.reasoning_clients())
    return Sizes(client.input_tokens, client.output_tokens)
