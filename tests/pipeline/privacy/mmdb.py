"""Writes tiny databases in MaxMind's format (maxmind.github.io/MaxMind-DB), to read them again."""

import ipaddress
import struct
from typing import Any

MARKER = b"\xab\xcd\xefMaxMind.com"
SEPARATOR = bytes(16)
UINT16, UINT32, UINT64 = 5, 6, 9
OF_METADATA = {"node_count": UINT32, "build_epoch": UINT64}  # its other numbers are 16 bits


def database(records: dict[str, Any], *, kind: str, version: int = 6) -> bytes:
    """A database of the networks in `records`, with 24-bit pointers; IPv4 lies below ::/96, as in a real one."""
    nodes: list[list[Any]] = [[None, None]]
    data, places = b"", {}
    for name, record in records.items():
        bits = _bits(name, version)
        node = 0
        for bit in bits[:-1]:
            if nodes[node][bit] is None:
                nodes.append([None, None])
                nodes[node][bit] = len(nodes) - 1
            node = nodes[node][bit]
        places[node, bits[-1]] = len(data)
        data += _field(record)
    count = len(nodes)
    tree = b""
    for number, node in enumerate(nodes):
        for bit in (0, 1):
            place = places.get((number, bit))
            value = count + 16 + place if place is not None else count if node[bit] is None else node[bit]
            tree += value.to_bytes(3, "big")
    metadata = {
        "node_count": count,
        "record_size": 24,
        "ip_version": version,
        "database_type": kind,
        "languages": ["en"],
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1781481597,
        "description": {"en": "made by a test"},
    }
    fields = [_field(name) + _field(value, OF_METADATA.get(name, UINT16)) for name, value in metadata.items()]
    return tree + SEPARATOR + data + MARKER + _head(7, len(fields)) + b"".join(fields)


def _bits(name: str, version: int) -> list[int]:
    network = ipaddress.ip_network(name)
    address, length = int(network.network_address), network.prefixlen
    width = 32 if version == 4 else 128
    length += width - network.max_prefixlen
    return [address >> (width - 1 - place) & 1 for place in range(length)]


def _field(value: Any, number: int = UINT32) -> bytes:
    if isinstance(value, int):
        body = struct.pack(">I", value).lstrip(b"\0")
        return _head(number, len(body)) + body
    if isinstance(value, str):
        return _head(2, len(value.encode())) + value.encode()
    if isinstance(value, dict):
        return _head(7, len(value)) + b"".join(_field(key) + _field(item) for key, item in value.items())
    return _head(11, len(value)) + b"".join(map(_field, value))


def _head(number: int, size: int) -> bytes:
    """Control byte, then the type above 7, then what a size has beyond 28."""
    kind = bytes([number - 7]) if number > 7 else b""
    return (
        bytes([(number << 5 if number < 8 else 0) | min(size, 29)]) + kind + (bytes([size - 29]) if size > 28 else b"")
    )
