"""Populations that easily spoil a null: a third of all accounts in rings, one family of evidence, mixed-up records."""

from random import Random

import numpy as np
import pytest

from graph.link import link
from graph.waves import check_majority
from pipeline.errors import LakeError
from tests.graph.written import groups, table, told


def test_a_third_of_all_accounts_in_rings_does_not_hide_them_and_each_stays_one(world, crowd, ring) -> None:
    crowd(world, 160)
    rings = {ring(world, f"ring{i}", 20) for i in range(4)}
    lake = world.land()
    found = groups(lake, link(lake, None, told))
    assert {members for members, verdict in found.items() if verdict == "distillation"} == rings


@pytest.mark.parametrize("pooled", [True, False])
def test_users_of_one_template_are_one_only_where_they_share_addresses_too(world, crowd, pooled: bool) -> None:
    crowd(world, 160)
    random = Random(7)
    users = [f"user-{i:02}" for i in range(30)]
    for i, user in enumerate(users):
        own = [f"own-{user}-{n}" for n in range(4)]
        addresses = random.sample([f"exit-{n}" for n in range(25)], 4) if pooled else own
        world.signup(user, i, device_key=f"d-{user}", program="pay_as_you_go", ip_key=addresses[0])
        for n, address in enumerate(addresses):
            asked = {"prompt_template_hash": f"template-{n % 2}", "conversation_prefix_hash": f"{user}-{n}"}
            world.ask(user, 100 * n + i, ip_key=address, ip_prefix=address, **asked)
    lake = world.land()
    found = groups(lake, link(lake, None, told))
    together = max((members & set(users) for members in found), key=len, default=set())
    assert len(together) >= 27 if pooled else not together
    assert "distillation" not in found.values()


def test_with_sign_ups_alone_who_shares_devices_is_linked_and_nobody_is_accused(world) -> None:
    for i in range(400):
        world.signup(f"honest-{i:03}", i, device_key=f"d-{i}", email_domain="gmail.com")
    for i in range(6):
        world.signup(
            f"farm-{i}", 500 + i, device_key="d-farm", ip_key="exit", ip_prefix="exit", email_domain="m.example"
        )
    lake = world.land()
    assert groups(lake, link(lake, None, told)) == {frozenset(f"farm-{i}" for i in range(6)): "organisation"}


def test_the_run_says_its_thresholds_and_what_chance_would_make(world, crowd, ring) -> None:
    crowd(world, 60)
    ring(world, "ring", 12)
    lake = world.land()
    lines: list[str] = []
    run = link(lake, None, lines.append)
    seeds = [line for line in lines if "seeds from" in line]
    assert len(seeds) == 3
    assert all("pairs of strangers are expected" in line for line in seeds)
    expected = [row["pairs_expected"] for row in table(lake, run, "stranger_null") if row["family"] == "all"]
    assert expected == sorted(expected, reverse=True)
    assert expected[0] == 72 * 71 / 2
    assert all(row["expected_by_chance"] > 0 for row in table(lake, run, "links"))


@pytest.mark.parametrize(("largest", "accounts"), [(101, 200), (900, 1000)])
def test_a_run_in_which_most_accounts_are_one_stops_and_says_so(largest: int, accounts: int) -> None:
    labels = np.full(accounts, -1)
    labels[:largest] = 3
    with pytest.raises(LakeError, match=f"{largest} of {accounts} accounts fall into one cluster"):
        check_majority(labels)


@pytest.mark.parametrize(("largest", "accounts"), [(100, 200), (150, 199), (0, 1000)])
def test_a_third_in_one_ring_or_a_few_first_customers_are_no_reason_to_stop(largest: int, accounts: int) -> None:
    labels = np.full(accounts, -1)
    labels[:largest] = 0
    check_majority(labels)
