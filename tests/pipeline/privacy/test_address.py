import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.privacy.address import Address, canonical


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("198.51.100.7", Address("198.51.100.7", None, "198.51.100.0/24")),
        (" 198.51.100.7\n", Address("198.51.100.7", None, "198.51.100.0/24")),
        ("::ffff:198.51.100.7", Address("198.51.100.7", None, "198.51.100.0/24")),
        ("::FFFF:C633:6407", Address("198.51.100.7", None, "198.51.100.0/24")),
        ("2001:DB8:0:0:1::1", Address("2001:db8::1:0:0:1", "2001:db8::/64", "2001:db8::/48")),
        ("2001:db8:1:2:3:4:5:6", Address("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48")),
        ("fe80::1%eth0", Address("fe80::1", "fe80::/64", "fe80::/48")),
        ("::", Address("::", "::/64", "::/48")),
    ],
)
def test_one_address_has_one_form(written, expected):
    assert canonical(written) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "0x7f.1", "1.2.3.4:443", "[::1]", ":::"),
        *("1.2.3.4/24", "::1/64", "1.2.3.4\0", "\u0661.2.3.4", "\ud800", "1:2:3:4:5:6:7:8:9"),
    ],
)
def test_anything_else_is_none(text):
    assert canonical(text) is None


@given(st.ip_addresses())
def test_the_standard_library_agrees(address):
    mapped = address.ipv4_mapped if address.version == 6 else None
    expected = mapped or address
    for written in (str(address), address.exploded.upper()):
        found = canonical(written)
        assert found is not None
        assert ipaddress.ip_address(found.whole) == expected
        bits = 24 if expected.version == 4 else 48
        assert found.prefix == str(ipaddress.ip_network((expected, bits), strict=False))
        if expected.version == 6:
            assert found.net64 == str(ipaddress.ip_network((expected, 64), strict=False))


@given(st.text())
def test_no_text_is_an_error(text):
    canonical(text)
