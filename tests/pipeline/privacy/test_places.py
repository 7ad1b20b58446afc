import pytest

from pipeline.errors import UsageError
from pipeline.privacy.address import canonical
from pipeline.privacy.places import Places
from tests.pipeline.privacy.mmdb import database

ASN = {
    "198.51.100.0/24": {"autonomous_system_number": 64500, "autonomous_system_organization": "Documentation"},
    "2001:db8::/32": {"autonomous_system_number": 64501, "autonomous_system_organization": "Documentation 6"},
}
COUNTRIES = {"198.51.100.0/25": {"country": {"iso_code": "FR"}}, "203.0.113.0/24": {"continent": {"code": "EU"}}}
ADDRESSES = ["198.51.100.7", "2001:db8::1", "203.0.113.9", "::ffff:198.51.100.200", "198.51.100.7"]


@pytest.fixture
def asn(tmp_path):
    path = tmp_path / "asn.mmdb"
    path.write_bytes(database(ASN, kind="GeoLite2-ASN"))
    return str(path)


@pytest.fixture
def countries(tmp_path):
    path = tmp_path / "country.mmdb"
    path.write_bytes(database(COUNTRIES, kind="GeoLite2-Country", version=4))
    return str(path)


def columns(places, addresses=ADDRESSES):
    return {name: array.to_pylist() for name, array in places.columns([canonical(a) for a in addresses]).items()}


def test_networks_and_countries(asn, countries):
    places = Places(asn, countries)
    places.check()
    assert columns(places) == {
        "asn": [64500, 64501, None, 64500, 64500],
        "ip_country": ["FR", None, None, None, "FR"],
    }


def test_either_may_be_unnamed(asn, countries):
    assert columns(Places(asn, "")) == {"asn": [64500, 64501, None, 64500, 64500]}
    assert columns(Places("", countries)) == {"ip_country": ["FR", None, None, None, "FR"]}


def test_a_missing_database_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"cannot read asn_database .*/none\.mmdb: No such file"):
        Places(str(tmp_path / "none.mmdb"), "")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip file", bytes(3000)])
def test_a_file_that_is_no_database_is_named(tmp_path, content):
    path = tmp_path / "bad.mmdb"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"country_database .*/bad\.mmdb is no database in MaxMind's format"):
        Places("", str(path))


def test_a_torn_database_is_named(tmp_path, asn):
    path = tmp_path / "torn.mmdb"
    whole = (tmp_path / "asn.mmdb").read_bytes()
    path.write_bytes(b"\xff" * 60 + whole[60:])
    places = Places(str(path), "")
    for look in (places.check, lambda: columns(places, ["198.51.100.7", "2001:db8::1", "8.8.8.8", "fe80::1"])):
        with pytest.raises(UsageError, match=r"torn\.mmdb is torn; name another file"):
            look()


def test_a_database_of_another_kind_is_refused(asn, countries):
    with pytest.raises(UsageError, match=r"has no country\.iso_code: it is a GeoLite2-ASN"):
        Places("", asn).check()
    with pytest.raises(UsageError, match=r"has no autonomous_system_number: it is a GeoLite2-Country"):
        Places(countries, "").check()
