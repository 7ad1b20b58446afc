"""Networks: where requests come from. Addresses churn, are shared by strangers, and proxies exit from homes."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from pipeline.simulator.clock import DAY, HOUR
from pipeline.simulator.draws import stream

HOSTING = (
    "3.121",
    "18.185",
    "52.29",
    "34.107",
    "35.198",
    "20.82",
    "51.15",
    "95.216",
    "65.108",
    "167.99",
    "159.89",
    "139.59",
)
# An internet provider gives out addresses from this many /24s of each of its /16s, so strangers share prefixes.
_ACTIVE_SUBNETS = 48
# Machines in a house that have IPv6, each with another host part every day.
_V6_HOSTS = 2


class Network(Protocol):
    """Gives the address of a request at a time."""

    def address(self, rng: Random, time: int) -> str:
        """The address used."""


@dataclass(frozen=True, slots=True)
class Provider:
    """An internet provider: its /16s, a /32 of IPv6 where it has it, and days between address changes."""

    networks: tuple[str, ...]
    v6: str
    lease_days: float

    def draw(self, rng: Random) -> str:
        """One of its IPv4 addresses."""
        subnet = int(rng.random() ** 2 * _ACTIVE_SUBNETS)
        return f"{rng.choice(self.networks)}.{5 * subnet}.{rng.randint(1, 254)}"


@dataclass(frozen=True, slots=True)
class Fixed:
    """One address of some that never change: a server, an office, a campus."""

    addresses: Sequence[str]

    def address(self, rng: Random, time: int) -> str:
        """One of them, the first most often."""
        draw = rng.random()
        return self.addresses[int(draw * draw * len(self.addresses))]


@dataclass(slots=True)
class Home:
    """A household's line: its address changes with each lease; of IPv6 the /64 stays, the rest changes daily."""

    provider: Provider
    seed: int
    v6: bool = False
    _lease: tuple[int, str] = (-1, "")
    _hosts: tuple[int, tuple[str, ...]] = (-1, ())

    def address(self, rng: Random, time: int) -> str:
        """The line's address at this time, the same for everybody in the house."""
        if self.v6 and rng.random() < 0.8:
            return self._v6(time // DAY)[rng.randrange(_V6_HOSTS)]
        lease = int((time + self.seed % DAY) // (self.provider.lease_days * DAY))
        if lease != self._lease[0]:
            self._lease = (lease, self.provider.draw(stream(self.seed, lease)))
        return self._lease[1]

    def _v6(self, day: int) -> tuple[str, ...]:
        if day != self._hosts[0]:
            network = int(ipaddress.IPv6Address(f"{self.provider.v6}::")) | (self.seed & 0xFFFFFFFF) << 64
            hosts = stream(self.seed, "hosts", day)
            addresses = [str(ipaddress.IPv6Address(network | hosts.getrandbits(64))) for _ in range(_V6_HOSTS)]
            self._hosts = (day, tuple(addresses))
        return self._hosts[1]


@dataclass(frozen=True, slots=True)
class Pool:
    """Exits shared by many: carrier-grade NAT, a VPN, a proxy vendor.

    One exit is kept for `sticky` microseconds; 0: another one for each request.
    """

    exits: Sequence[str]
    seed: int
    sticky: int = HOUR

    def address(self, rng: Random, time: int) -> str:
        """The exit in use."""
        if not self.sticky:
            return self.exits[int(rng.random() * len(self.exits))]
        turn = (time + self.seed % DAY) // self.sticky
        return self.exits[(self.seed ^ turn * 0x9E3779B97F4A7C15) % 2**61 % len(self.exits)]


@dataclass(frozen=True, slots=True)
class Roaming:
    """Addresses used once each and never again: a residential proxy that rotates per request."""

    providers: Sequence[Provider]

    def address(self, rng: Random, time: int) -> str:
        """A fresh address."""
        return rng.choice(self.providers).draw(rng)


@dataclass(frozen=True, slots=True)
class Either:
    """One network mostly, another for the share `elsewhere` of requests: home and phone, office and home."""

    usual: Network
    other: Network
    elsewhere: float

    def address(self, rng: Random, time: int) -> str:
        """The address of whichever it is now."""
        return (self.other if rng.random() < self.elsewhere else self.usual).address(rng, time)


def hosting_address(rng: Random) -> str:
    """An address of a cloud or hosting company."""
    return f"{rng.choice(HOSTING)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}"
