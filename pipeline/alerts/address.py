"""Guards against requests forged through us: which addresses a receiver may have."""

import ipaddress
import socket

# IPv6 addresses that carry an IPv4 address and pass for global: RFC 6052 (ipaddress knows mapped and 6to4 ones itself).
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Forbidden(Exception):
    """The receiver's name leads to an address that is not on the public internet."""


def resolve(host: str, port: int, allow_private: bool) -> list[str]:
    """Addresses of `host`, resolved once: connect to these and to nothing else.

    The resolver reads decimal, octal and hex forms of an address too, so what it returns is what is checked.
    Raises Forbidden if one of them is not public, OSError if there is none.
    """
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
    if not allow_private and not all(is_public(address) for address in found):
        raise Forbidden
    return found


def is_public(address: str) -> bool:
    """Whether `address`, and each IPv4 address inside it, is a unicast one of the public internet."""
    try:
        return all(part.is_global and not part.is_multicast for part in _parts(ipaddress.ip_address(address)))
    except ValueError:
        return False


def _parts(address: Address) -> list[Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    inside: list[Address] = [address]
    if address in NAT64:
        inside.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    if address.sixtofour:
        inside.append(address.sixtofour)
    return inside
