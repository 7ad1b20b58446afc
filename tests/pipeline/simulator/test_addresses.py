import ipaddress
from random import Random

from pipeline.simulator.addresses import Either, Fixed, Home, Pool, Provider, Roaming
from pipeline.simulator.clock import DAY, HOUR
from pipeline.simulator.identities import countries

PROVIDER = Provider(("91.12", "87.123"), "2003:e0", 3)
NOON = 20_000 * DAY + 12 * HOUR


def addresses(network, times, seed=1):
    rng = Random(seed)
    return [network.address(rng, time) for time in times]


def test_a_home_keeps_its_address_for_a_lease_and_shares_it():
    home = Home(PROVIDER, 12345)
    over_days = addresses(home, [NOON + day * DAY for day in range(30)])
    assert 8 <= len(set(over_days)) <= 12
    assert addresses(home, [NOON]) == addresses(home, [NOON], seed=2)


def test_ipv6_keeps_the_prefix_and_changes_the_host():
    home = Home(PROVIDER, 12345, v6=True)
    found = [ip for ip in addresses(home, [NOON + day * DAY for day in range(20)]) if ":" in ip]
    assert len({ipaddress.ip_network(f"{ip}/64", strict=False) for ip in found}) == 1
    assert len(set(found)) == len(found) > 8
    other = [ip for ip in addresses(Home(PROVIDER, 999, v6=True), [NOON] * 20) if ":" in ip]
    assert ipaddress.ip_network(f"{other[0]}/64", strict=False) != ipaddress.ip_network(f"{found[0]}/64", strict=False)


def test_a_pool_is_sticky_and_shared():
    exits = [f"10.0.0.{i}" for i in range(30)]
    mine, theirs = Pool(exits, 7, HOUR), Pool(exits, 8, HOUR)
    hours = [NOON + hour * HOUR for hour in range(100)]
    assert 20 < len(set(addresses(mine, hours))) <= 30
    assert set(addresses(mine, hours)) & set(addresses(theirs, hours))
    assert len(set(addresses(mine, [NOON + minute for minute in range(50)]))) == 1
    assert len(set(addresses(Pool(exits, 7, 0), [NOON] * 200))) == 30


def test_either_and_roaming():
    network = Either(Fixed(["1.1.1.1"]), Fixed(["2.2.2.2"]), 0.3)
    assert 0.2 < addresses(network, [NOON] * 500).count("2.2.2.2") / 500 < 0.4
    assert len(set(addresses(Roaming([PROVIDER]), [NOON] * 100))) > 90


def test_every_country_has_addresses_that_exist():
    for country in countries()[0]:
        rng = Random(1)
        for network in (*(Home(home, rng.getrandbits(48), v6) for home in country.homes for v6 in (True, False)),):
            for time in range(NOON, NOON + 10 * DAY, DAY):
                assert ipaddress.ip_address(network.address(rng, time)).is_global
        assert all(ipaddress.ip_address(ip).is_global for ip in country.carrier)
