"""The accounts of an operator: who they pretend to be, what they share, and their successors."""

from dataclasses import dataclass, field, replace
from random import Random

from pipeline.simulator import identities
from pipeline.simulator.account import Account, Sizes
from pipeline.simulator.addresses import Fixed, Network, Roaming, hosting_address
from pipeline.simulator.clock import DAY, HOUR, MINUTE
from pipeline.simulator.identities import Card, Person
from pipeline.simulator.texts import words
from pipeline.simulator.tradecraft import Tradecraft
from pipeline.simulator.world import World, long_outputs

# Sign-ups of a burst come within this time of each other.
_BURST = 50 * MINUTE
# An aged account was opened by its first owner this long before the span, at least and at most.
_AGED_DAYS = (60, 400)


@dataclass
class Crew:
    """Makes the accounts of one operator, sharing what its tradecraft shares."""

    world: World
    craft: Tradecraft
    operator: str
    number: int
    rng: Random
    bursts: list[int] = field(default_factory=list)
    made: int = 0

    def __post_init__(self) -> None:
        self._where = identities.country(self.rng)
        self._person = identities.person(self.rng, self._where)
        self._domains = [identities.domain(self.rng) for _ in range(2)]
        self._cards: list[Card] = []
        self._devices: list[str] = []
        self._networks: list[Network] = []
        self._clients = self.rng.sample(identities.API_CLIENTS[:4], self.craft.clients)
        self._temperature = self.rng.choice((0.6, 0.7, 0.8, 1.0))
        self._sizes = [long_outputs(self.rng) for _ in range(2)]
        self.bursts = self.bursts or [self._burst() for _ in range(3)]

    def recruit(self, opened: int | None = None) -> Account:
        """The next account; a successor when the time of its sign-up is given."""
        rng, craft = self.rng, self.craft
        who = self._pretended()
        network = self._exit()
        sizes = self._sizes[self.made % 2] if craft.label == "distillation" else None
        account = self.world.account(
            rng,
            craft.kind,
            who,
            self._opened() if opened is None else opened,
            network=network,
            card=self._card(who) if craft.accounts_per_card else None,
            device_id=self._device(),
            program=self._program(),
            client=rng.choice(self._clients),
            model="atlas-large-2" if craft.label == "distillation" else None,
            temperature=self._temperature if rng.random() < 0.85 else None,
            max_tokens=8192 if craft.label == "distillation" else None,
            sizes=self._varied(sizes) if sizes else None,
            label=craft.label,
            operator=self.operator,
        )
        self.made += 1
        return account

    def _pretended(self) -> Person:
        rng, craft = self.rng, self.craft
        if craft.mail == "tagged":
            local = self._person.email.split("@", maxsplit=1)[0].split("+", maxsplit=1)[0]
            tag = rng.choice((f"{local}+{rng.choice(words('noun'))}{self.made}", f"{local}{100 + self.made}"))
            return replace(self._person, email=f"{tag}@gmail.com")
        if craft.mail == "own_domain":
            return identities.person(rng, self._where, rng.choice(self._domains))
        if craft.mail == "disposable":
            stranger = identities.person(rng)
            return replace(stranger, email=f"{rng.getrandbits(40):x}@{rng.choice(identities.DISPOSABLE_MAIL)}")
        return identities.person(rng, None if craft.mail == "strangers" else self._where)

    def _card(self, who: Person) -> Card:
        if self.made % self.craft.accounts_per_card == 0 or not self._cards:
            self._cards.append(identities.card(self.rng, who.country.code, self.craft.prepaid))
        return self._cards[-1]

    def _device(self) -> str:
        if self.made % self.craft.accounts_per_device == 0:
            self._devices.append(identities.device(self.rng))
        return self._devices[-1]

    def _exit(self) -> Network:
        rng, craft = self.rng, self.craft
        if craft.exits == "rotating":
            return Roaming([provider for country in identities.countries()[0] for provider in country.homes])
        if self.made % craft.accounts_per_exit == 0:
            sticky = {"servers": 0, "vendor": 4 * HOUR, "sticky": 9 * DAY}[craft.exits]
            servers = Fixed([hosting_address(rng) for _ in range(2)])
            self._networks.append(self.world.vendor(self.number // 2, rng, sticky) if sticky else servers)
        return self._networks[-1]

    def _opened(self) -> int:
        rng = self.rng
        if self.craft.opened == "burst":
            return self.bursts[self.made * len(self.bursts) // 60 % len(self.bursts)] + int(rng.random() * _BURST)
        if self.craft.opened == "aged":
            return self.world.start - int(rng.uniform(*_AGED_DAYS) * DAY)
        return self.world.start + int(rng.uniform(-40, 0.6 * self.world.plan.days) * DAY)

    def _burst(self) -> int:
        return self.world.start + int(self.rng.uniform(-12, 0.4 * self.world.plan.days) * DAY)

    def _program(self) -> str:
        if not self.craft.accounts_per_card:
            return "free_trial"
        mixed = ("pay_as_you_go", "pay_as_you_go", "startup", "education") if self.craft.mail == "strangers" else ()
        return self.rng.choice(mixed or ("pay_as_you_go",))

    def _varied(self, sizes: Sizes) -> Sizes:
        factor = self.rng.uniform(0.8, 1.2)
        inputs, outputs = (tuple(int(factor * n) for n in side) for side in (sizes.input_tokens, sizes.output_tokens))
        return Sizes(inputs, outputs)
