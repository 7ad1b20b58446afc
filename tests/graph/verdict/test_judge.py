from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from graph.links import FAMILIES, SUPPORT
from graph.verdict.facts import Facts, Outside
from graph.verdict.judge import discoveries, judge

ORDINARY = Outside(
    np.linspace(0, 1, 200),
    np.linspace(10, 900, 200),
    trial=0.2,
    unpaid=0.3,
    prepaid=0.03,
    banned=0.02,
    hopping=0.08,
)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def facts(**changed: Any) -> Facts:
    base: dict[str, Any] = dict.fromkeys(Facts.__dataclass_fields__, 0)
    base |= {"accounts": 20, "first_seen": NOW, "last_seen": NOW, "requests": 2000, "paid": 20}
    return Facts(**(base | {"carried": 1000, "carried_capability": 900, "carried_output": 800.0} | changed))


def verdict(facts_: Facts, *families: str) -> str:
    weights = np.zeros((facts_.accounts, len(FAMILIES)), dtype=np.int64)
    weights[:, [FAMILIES.index(family) for family in families]] = 2 * SUPPORT
    return judge([facts_], ORDINARY, {facts_.c: weights})[0].verdict


def test_shared_prompts_that_seek_abilities_and_refused_work_that_moves_on_is_distillation() -> None:
    assert verdict(facts(), "prompt", "failover") == "distillation"


@pytest.mark.parametrize(
    ("changed", "families"),
    [
        pytest.param({}, ["prompt"], id="one kind of evidence"),
        pytest.param({}, ["prompt", "network"], id="nothing concealed"),
        pytest.param({"prepaid": 10}, ["prompt", "network"], id="one act and no sign of one hand"),
        pytest.param({"accounts": 2, "paid": 2}, ["prompt", "failover"], id="two accounts may be one person's"),
        pytest.param({"carried_capability": 100}, ["prompt", "network"], id="no abilities sought"),
        pytest.param({"own_domain": 18}, ["prompt", "failover", "payment"], id="open about who it is"),
        pytest.param({"own_domain": 18, "hopping": 20}, ["prompt", "network", "failover"], id="open, much on the move"),
        pytest.param({"attested": 18, "banned": 9}, ["prompt", "network", "failover"], id="contract, once banned"),
    ],
)
def test_is_no_accusation(changed: dict[str, Any], families: list[str]) -> None:
    assert verdict(facts(**changed), *families) not in ("distillation", "trial_abuse")


def test_two_acts_outweigh_a_domain_of_their_own() -> None:
    assert verdict(facts(own_domain=18, banned=9, prepaid=12, denying=15), "prompt", "payment") == "distillation"


def test_a_few_who_join_in_the_name_of_an_open_group_do_not_speak_for_it() -> None:
    assert verdict(facts(own_domain=18, banned=6, prepaid=6, denying=9), "prompt", "payment") != "distillation"


def test_where_most_never_paid_the_graver_charge_needs_more_than_ordinary_accounts_ask_for() -> None:
    assert verdict(facts(paid=8), "prompt", "failover") != "distillation"
    assert (
        verdict(facts(paid=8, carried_capability=1000, carried_output=9000.0), "prompt", "failover") == "distillation"
    )


def test_many_free_trials_on_few_devices_are_a_farm_and_a_family_is_not() -> None:
    assert verdict(facts(trial=20, paid=0, carried_capability=0), "device", "network") == "trial_abuse"
    small = facts(accounts=4, trial=4, paid=0, carried_capability=0)
    assert verdict(small, "device", "network") == "undetermined"


def test_a_farm_of_free_credit_distils_only_if_it_asks_for_more_than_a_product_needs() -> None:
    farm = {"trial": 20, "paid": 0, "banned": 9}
    assert verdict(facts(**farm), "prompt", "device", "failover") == "trial_abuse"
    assert verdict(facts(**farm, carried_capability=1000), "prompt", "device", "failover") == "trial_abuse"
    both = facts(**farm, carried_capability=1000, carried_output=5000.0)
    assert verdict(both, "prompt", "device", "failover") == "distillation"


def test_one_hand_that_conceals_and_seeks_nothing_resells() -> None:
    assert verdict(facts(carried_capability=100, prepaid=12), "payment", "network") == "resale"


def test_confidence_is_the_share_of_members_whom_two_families_support() -> None:
    weights = np.zeros((20, len(FAMILIES)), dtype=np.int64)
    weights[:, FAMILIES.index("prompt")] = weights[:15, FAMILIES.index("failover")] = 2 * SUPPORT
    assert judge([facts()], ORDINARY, {0: weights})[0].confidence == 0.75


def test_a_domain_of_their_own_is_an_organisation() -> None:
    assert verdict(facts(own_domain=18), "mail", "network", "prompt") == "organisation"


def test_discoveries_are_those_of_benjamini_and_hochberg() -> None:
    assert discoveries([0.04, 0.001, 0.5, 0.02]) == [False, True, False, True]
    assert discoveries([]) == []
    assert discoveries([0.9]) == [False]


def test_conversations_passed_on_are_shared_content() -> None:
    assert verdict(facts(), "failover") == "distillation"
    assert verdict(facts(carried_capability=100), "failover") == "resale"
