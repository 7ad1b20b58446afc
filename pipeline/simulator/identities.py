"""Who signs up: names, mail addresses, devices, cards, browsers and API clients, by country."""

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Literal

from pipeline.simulator.addresses import Home, Pool, Provider
from pipeline.simulator.clock import HOUR
from pipeline.simulator.draws import skewed
from pipeline.simulator.texts import company_name, data, words

FREE_MAIL = (
    ("gmail.com",) * 11 + ("outlook.com",) * 3 + ("yahoo.com", "hotmail.com", "icloud.com", "icloud.com", "proton.me")
)
MAIL_OF_COUNTRY = {
    "CN": ("qq.com", "163.com", "foxmail.com"),
    "RU": ("mail.ru", "yandex.ru"),
    "KR": ("naver.com", "daum.net"),
    "DE": ("gmx.de", "web.de", "t-online.de"),
    "FR": ("orange.fr", "free.fr"),
    "PL": ("wp.pl", "o2.pl"),
}
DISPOSABLE_MAIL = ("tempbox.cc", "mailnull.xyz", "dropmail.click", "inboxkitten.lol", "quickpost.site")
# Phones behind one carrier-grade NAT prefix leave through this many addresses.
_CARRIER_EXITS = 20


@dataclass(frozen=True, slots=True)
class Client:
    """A program that sends requests: its user agent and the JA4 fingerprint of its TLS library."""

    user_agent: str
    ja4: str


@dataclass(frozen=True, slots=True)
class Card:
    """A payment card, by the processor's token."""

    fingerprint: str
    funding: Literal["credit", "debit", "prepaid"]
    country: str


@dataclass(frozen=True, slots=True)
class Country:
    """Where somebody lives."""

    code: str
    hours: float
    currency: str
    homes: tuple[Provider, ...]
    carrier: tuple[str, ...]

    def home(self, rng: Random) -> Home:
        """A line at home."""
        return Home(skewed(rng, self.homes), rng.getrandbits(48), rng.random() < 0.35)

    def phone(self, rng: Random) -> Pool:
        """A phone behind the carrier's NAT."""
        return Pool(self.carrier, rng.getrandbits(48), 2 * HOUR)


@dataclass(frozen=True, slots=True)
class Person:
    """A human being, real or made up."""

    given: str
    surname: str
    country: Country
    email: str
    postcode: str

    @property
    def full_name(self) -> str:
        """Name as on a card."""
        return f"{self.given} {self.surname}"


def _clients(section: str) -> tuple[Client, ...]:
    return tuple(Client(row["user_agent"], row["ja4"]) for row in data("clients")[section])


BROWSERS = _clients("browser")
API_CLIENTS = _clients("api")


@cache
def countries() -> tuple[tuple[Country, ...], tuple[float, ...]]:
    """All countries and their shares of sign-ups."""
    table = data("countries")
    built = tuple(
        Country(
            code,
            row["hours"],
            row["currency"],
            tuple(Provider(tuple(home["networks"]), home["v6"], home["days"]) for home in row["homes"]),
            tuple(f"{prefix}.{10 + 7 * i}" for prefix in row["mobile"] for i in range(_CARRIER_EXITS)),
        )
        for code, row in table.items()
    )
    return built, tuple(row["share"] for row in table.values())


@cache
def countries_by_code() -> dict[str, Country]:
    """All countries, each by its code."""
    return {country.code: country for country in countries()[0]}


def country(rng: Random) -> Country:
    """A country, as often as people sign up from it."""
    return rng.choices(*countries())[0]


def person(rng: Random, home: Country | None = None, domain: str = "") -> Person:
    """Somebody; at `domain` when the mail address is an organisation's."""
    where = home or country(rng)
    given, surname = rng.choice(words("name")), skewed(rng, words("surname"))
    local = f"{given}.{surname}" if domain else _local_part(rng, given, surname)
    provider = domain or _mail_provider(rng, where.code)
    return Person(given, surname, where, f"{local.lower()}@{provider}", str(rng.randint(10000, 99999)))


def card(rng: Random, country_code: str, prepaid: float = 0.04) -> Card:
    """A new card; `prepaid` is the chance that it is one."""
    funding: Literal["credit", "debit", "prepaid"] = "credit" if rng.random() < 0.5 else "debit"
    return Card(f"card_{rng.getrandbits(64):016x}", "prepaid" if rng.random() < prepaid else funding, country_code)


def device(rng: Random) -> str:
    """A new device."""
    return f"dev_{rng.getrandbits(64):016x}"


def disposable_mail(rng: Random) -> str:
    """A throw-away mail address."""
    return f"{rng.getrandbits(40):x}@{rng.choice(DISPOSABLE_MAIL)}"


def domain(rng: Random) -> str:
    """A registered domain."""
    suffix = rng.choice(("", "", "labs", "hq", "tech"))
    return f"{company_name(rng).lower()}{suffix}.{rng.choice(('com', 'com', 'io', 'ai', 'co', 'net'))}"


def _mail_provider(rng: Random, code: str) -> str:
    local = MAIL_OF_COUNTRY.get(code)
    return rng.choice(local) if local and rng.random() < 0.4 else rng.choice(FREE_MAIL)


def _local_part(rng: Random, given: str, surname: str) -> str:
    styles = (
        f"{given}.{surname}",
        f"{given}{surname}{rng.randint(1, 99)}",
        f"{given[0]}{surname}",
        f"{given}{rng.randint(1970, 2008)}",
        f"{surname}.{given}{rng.randint(1, 9)}",
        f"{rng.choice(words('adj'))}{rng.choice(words('noun'))}{rng.randint(1, 999)}",
        f"{given}.{surname}+{rng.choice(('ai', 'api', 'dev'))}",
    )
    return rng.choice(styles)
