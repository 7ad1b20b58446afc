"""The accounts of an operator: who they pretend to be, what they share, and their successors."""

from dataclasses import dataclass, replace
from random import Random

from pipeline.simulator import identities
from pipeline.simulator.account import Account, Sizes
from pipeline.simulator.addresses import Fixed, Network, Roaming, hosting_address
from pipeline.simulator.clock import DAY, HOUR, MINUTE
from pipeline.simulator.draws import digest
from pipeline.simulator.identities import Card, Client, Person
from pipeline.simulator.texts import words
from pipeline.simulator.tradecraft import Tradecraft
from pipeline.simulator.world import World, long_outputs

# Sign-ups of a burst come within this time of each other, and so many accounts make a burst.
_BURST, _BURST_ACCOUNTS = 50 * MINUTE, 15
# An aged account was opened by its first owner this long before the span, at least and at most.
_AGED_DAYS = (60, 400)
# Share of bought accounts that belong to somebody in an honest organisation.
_INSIDERS = 0.15


@dataclass
class Crew:
    """Makes the accounts of one operator, sharing what its tradecraft shares."""

    world: World
    craft: Tradecraft
    number: int
    rng: Random
    made: int = 0

    def __post_init__(self) -> None:
        rng = self.rng
        self._where = identities.country(rng)
        self._person = identities.person(rng, self._where)
        self._domains = [identities.domain(rng) for _ in range(2)]
        self._org_id = f"org_{digest(self._domains)[:8]}" if rng.random() < 0.5 else None
        self._clients = rng.sample(identities.API_CLIENTS[:4], self.craft.clients)
        self._temperature = rng.choice((0.6, 0.7, 0.8, 1.0))
        self._sizes = [long_outputs(rng) for _ in range(2)]
        self._cards: list[Card] = []
        self._machines: list[tuple[str, Client]] = []
        self._networks: list[Network] = []
        self._burst = 0
        self._equipped = 0

    def recruit(self, opened: int | None = None) -> Account:
        """The next account; a successor when the time of its sign-up is given.

        An aged account still has its first owner's network and card: `equip` it when it is bought.
        """
        rng, craft = self.rng, self.craft
        aged = craft.opened == "aged"
        who, org_id, program = self._pretended()
        device_id, browser = (None, None) if aged else self._machine()
        account = self.world.account(
            rng,
            craft.kind,
            who,
            self._opened() if opened is None else opened,
            # Not world.home: proxies exit from the homes of honest people.
            network=who.country.home(rng),
            card=identities.card(rng, who.country.code) if craft.accounts_per_card else None,
            device_id=device_id,
            browser=browser,
            program=program,
            org_id=org_id,
            label=craft.label,
            operator=f"op_{self.number:03d}",
        )
        if not aged:
            self.equip(account)
        self.made += 1
        return account

    def equip(self, account: Account) -> None:
        """Give an account the operator's exits, cards, client and parameters."""
        rng, craft = self.rng, self.craft
        account.network = self._exit()
        account.client = rng.choice(self._clients)
        account.temperature = self._temperature if rng.random() < 0.85 else None
        if craft.accounts_per_card:
            account.card = self._card(account.person)
        if craft.label == "distillation":
            account.model, account.max_tokens = "atlas-large-2", 8192
            account.sizes = self._varied(rng.choice(self._sizes))
        self._equipped += 1

    def _pretended(self) -> tuple[Person, str | None, str]:
        rng, craft = self.rng, self.craft
        program = "pay_as_you_go" if craft.accounts_per_card else "free_trial"
        if craft.mail == "tagged":
            local = self._person.email.split("@", maxsplit=1)[0].split("+", maxsplit=1)[0]
            tag = rng.choice((f"{local}+{rng.choice(words('noun'))}{self.made}", f"{local}{100 + self.made}"))
            return replace(self._person, email=f"{tag}@gmail.com"), None, program
        if craft.mail == "own_domain":
            return identities.person(rng, self._where, rng.choice(self._domains)), self._org_id, program
        if craft.mail == "disposable":
            return replace(identities.person(rng), email=identities.disposable_mail(rng)), None, program
        if craft.mail == "free":
            return identities.person(rng, self._where), None, program
        return self._stranger()

    def _stranger(self) -> tuple[Person, str | None, str]:
        rng = self.rng
        if rng.random() < _INSIDERS:
            colleague = rng.choice(self.world.accounts)
            if colleague.kind in ("company", "course", "startup"):
                where, domain = identities.countries_by_code()[colleague.country], colleague.email.split("@")[1]
                return identities.person(rng, where, domain), colleague.org_id, colleague.program
        return identities.person(rng), None, rng.choice(("pay_as_you_go", "pay_as_you_go", "startup"))

    def _card(self, who: Person) -> Card:
        if not self._cards or self._equipped % self.craft.accounts_per_card == 0:
            self._cards.append(identities.card(self.rng, who.country.code, self.craft.prepaid))
        return self._cards[-1]

    def _machine(self) -> tuple[str, Client]:
        if not self._machines or self.made % self.craft.accounts_per_device == 0:
            self._machines.append((identities.device(self.rng), self.rng.choice(identities.BROWSERS)))
        return self._machines[-1]

    def _exit(self) -> Network:
        rng, craft = self.rng, self.craft
        if craft.exits == "rotating":
            return Roaming([provider for country in identities.countries()[0] for provider in country.homes])
        if not self._networks or self._equipped % craft.accounts_per_exit == 0:
            sticky = {"servers": 0, "vendor": 4 * HOUR, "sticky": 9 * DAY}[craft.exits]
            servers = Fixed([hosting_address(rng) for _ in range(2)])
            # Neighbouring operators rent from one vendor.
            self._networks.append(self.world.vendor(self.number // 2, rng, sticky) if sticky else servers)
        return self._networks[-1]

    def _opened(self) -> int:
        rng, start, days = self.rng, self.world.start, self.world.plan.days
        if self.craft.opened == "burst":
            if self.made % _BURST_ACCOUNTS == 0:
                self._burst = start + int(rng.uniform(-12, 0.4 * days) * DAY)
            return self._burst + int(rng.random() * _BURST)
        if self.craft.opened == "aged":
            return start - int(rng.uniform(*_AGED_DAYS) * DAY)
        return start + int(rng.uniform(-40, 0.6 * days) * DAY)

    def _varied(self, sizes: Sizes) -> Sizes:
        factor = self.rng.uniform(0.8, 1.2)
        inputs, outputs = (tuple(int(factor * n) for n in side) for side in (sizes.input_tokens, sizes.output_tokens))
        return Sizes(inputs, outputs)
