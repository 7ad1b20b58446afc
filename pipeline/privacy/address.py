"""IP addresses in canonical form, with the network they belong to."""

import functools
import socket
from typing import NamedTuple

V4_MAPPED = bytes(10) + b"\xff\xff"
REMEMBERED = 2**14  # addresses that are not parsed again: an account's next events mostly come from the same


class Address(NamedTuple):
    """Canonical address; `net64` is the /64 of an IPv6 address, `prefix` its /48 or an IPv4 address's /24."""

    whole: str
    net64: str | None
    prefix: str


@functools.lru_cache(REMEMBERED)
def canonical(text: str) -> Address | None:
    """Parse an address (IPv4-mapped IPv6 counts as IPv4, a zone is dropped); None if it is none."""
    text = text.strip().partition("%")[0]
    try:
        if ":" not in text:
            return _v4(socket.inet_pton(socket.AF_INET, text))
        packed = socket.inet_pton(socket.AF_INET6, text)
    except (OSError, ValueError):  # ValueError: a NUL or a non-ASCII character in the text
        return None
    if packed.startswith(V4_MAPPED):
        return _v4(packed[12:])
    return Address(socket.inet_ntop(socket.AF_INET6, packed), _network(packed, 64), _network(packed, 48))


def _v4(packed: bytes) -> Address:
    whole = socket.inet_ntop(socket.AF_INET, packed)
    return Address(whole, None, whole.rpartition(".")[0] + ".0/24")


def _network(packed: bytes, bits: int) -> str:
    base = packed[: bits // 8].ljust(16, b"\0")
    return f"{socket.inet_ntop(socket.AF_INET6, base)}/{bits}"
