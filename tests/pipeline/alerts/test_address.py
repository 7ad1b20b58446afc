import socket

import pytest

from pipeline.alerts.address import Forbidden, is_public, resolve


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2a00:1450::5efe:808:808"],
)
def test_public_addresses(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",  # carrier-grade NAT
        "169.254.169.254",  # cloud metadata
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",  # cloud metadata
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:a9fe:a9fe",
        "::ffff:224.0.0.1",
        "64:ff9b::a9fe:a9fe",  # NAT64 of the metadata address
        "2002:7f00:1::",  # 6to4 of 127.0.0.1
        "2001:0:7f00:1::",  # Teredo server 127.0.0.1
        "64:ff9b:1::a9fe:a9fe",  # local NAT64 of the metadata address
        "::a9fe:a9fe",  # IPv4-compatible
        "::ffff:0:a9fe:a9fe",  # IPv4-translated
        "2001:4860:4860::5efe:a9fe:a9fe",  # ISATAP
        "2001:4860:4860::200:5efe:10.0.0.1",
        "fec0::1",  # site-local
        "3fff::1",  # documentation
        "5f00::1",
        "192.88.99.1",  # 6to4 relays
        "not an address",
    ],
)
def test_addresses_that_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "0x7f000001", "0x7f.1", "0177.0.0.1", "2130706433", "127.1", "0", "::1", "::ffff:7f00:1"]
)
def test_every_way_to_write_a_private_address_is_refused(host):
    with pytest.raises(Forbidden):
        resolve(host, 443, allow_private=False)


def test_one_private_address_among_public_ones_is_refused(monkeypatch):
    def answers(*_, **__):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, 443)) for a in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", answers)
    with pytest.raises(Forbidden):
        resolve("rebinding.example", 443, allow_private=False)
    assert resolve("rebinding.example", 443, allow_private=True) == ["8.8.8.8", "10.0.0.1"]
