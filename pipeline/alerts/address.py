"""Guards against requests forged through us: which addresses a receiver may have."""

import ipaddress
import socket

# IPv6 addresses that carry an IPv4 address and pass for global: RFC 6052 (ipaddress knows mapped and 6to4 ones itself).
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# What else of IPv6 is public: IANA gives unicast addresses out of this block only. ipaddress calls others global too
# (site-local, local NAT64, IPv4-compatible and -translated), and of this one documentation (RFC 9637).
UNICAST, DOCUMENTATION = ipaddress.IPv6Network("2000::/3"), ipaddress.IPv6Network("3fff::/20")
# Relays of 6to4, withdrawn (RFC 7526): nobody's server.
RELAYS = ipaddress.IPv4Network("192.88.99.0/24")
# Interface ids of ISATAP (RFC 5214) end in an IPv4 address.
ISATAP = (0x0000_5EFE, 0x0200_5EFE)

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
        return all(_is_unicast(part) for part in _parts(ipaddress.ip_address(address)))
    except ValueError:
        return False


def _is_unicast(part: Address) -> bool:
    if not part.is_global or part.is_multicast:
        return False
    if isinstance(part, ipaddress.IPv4Address):
        return part not in RELAYS
    return part in NAT64 or (part in UNICAST and part not in DOCUMENTATION)


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
    if int(address) >> 32 & 0xFFFF_FFFF in ISATAP:
        inside.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    return inside
