"""IP addresses in canonical form, with the network they belong to."""

import ipaddress
from typing import NamedTuple


class Address(NamedTuple):
    """Canonical address; `net64` is the /64 of an IPv6 address, `prefix` its /48 or an IPv4 address's /24."""

    whole: str
    net64: str | None
    prefix: str


def canonical(text: str) -> Address | None:
    """Parse an address (IPv4-mapped IPv6 counts as IPv4, a zone is dropped); None if it is none."""
    try:
        address = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            value = int(address)
            return Address(str(address), _network(value, 64), _network(value, 48))
        address = address.ipv4_mapped
    whole = str(address)
    return Address(whole, None, whole.rpartition(".")[0] + ".0/24")


def _network(value: int, bits: int) -> str:
    base = value >> (128 - bits) << (128 - bits)
    return f"{ipaddress.IPv6Address(base)}/{bits}"
