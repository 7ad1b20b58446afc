from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from graph.links import FAMILIES, SUPPORT
from graph.verdict.facts import Facts, Outside
from graph.verdict.judge import Verdict, discoveries, judge

ORDINARY = Outside(
    np.linspace(0, 1, 200),
    np.linspace(10, 900, 200),
    trial=0.2,
    unpaid=0.3,
    prepaid=0.03,
    banned=0.02,
    hopping=0.08,
    tasks=True,
    payments=True,
    programs=True,
    lengths=True,
)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def facts(**changed: Any) -> Facts:
    base: dict[str, Any] = dict.fromkeys(Facts.__dataclass_fields__, 0)
    base |= {"accounts": 20, "first_seen": NOW, "last_seen": NOW, "requests": 2000, "paid": 20}
    return Facts(**(base | {"carried": 1000, "carried_capability": 900, "carried_output": 800.0} | changed))


def judged(facts_: Facts, *families: str, outside: Outside = ORDINARY) -> Verdict:
    weights = np.zeros((facts_.accounts, len(FAMILIES)), dtype=np.int64)
    weights[:, [FAMILIES.index(family) for family in families]] = 2 * SUPPORT
    return judge([facts_], outside, {facts_.c: weights})[0]


def verdict(facts_: Facts, *families: str, outside: Outside = ORDINARY) -> str:
    return judged(facts_, *families, outside=outside).verdict


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


PERSON: dict[str, Any] = {"accounts": 3, "paid": 3}


@pytest.mark.parametrize("hand", ["payment", "device", "network"])
def test_a_person_with_a_few_accounts_who_moves_work_among_them_is_no_distiller(hand: str) -> None:
    assert verdict(facts(**PERSON), "prompt", "failover", hand) == "undetermined"
    assert verdict(facts(**PERSON), "failover") == "undetermined"


def test_few_accounts_distil_if_they_hide_whose_they_are_or_ask_for_what_nobody_does() -> None:
    assert verdict(facts(**PERSON), "prompt", "failover") == "distillation"
    assert verdict(facts(**PERSON, prepaid=3, denying=3), "prompt", "failover", "payment") == "distillation"
    beyond = facts(**PERSON, carried_capability=1000, carried_output=9000.0)
    assert verdict(beyond, "prompt", "failover", "payment") == "distillation"


@pytest.mark.parametrize("hand", ["payment", "device"])
def test_more_than_a_household_of_one_card_or_device_do_not_move_work_innocently(hand: str) -> None:
    assert verdict(facts(), "prompt", "failover", hand) == "distillation"
    assert verdict(facts(carried_capability=100), "prompt", "failover", hand) == "resale"
    assert verdict(facts(), "prompt", hand) == "undetermined"


@pytest.mark.parametrize("changed", [{"carried_output": 20.0}, {"carried_capability": 800, "carried_output": 600.0}])
def test_who_asks_for_what_one_in_ten_ordinary_accounts_do_is_no_distiller(changed: dict[str, Any]) -> None:
    modest = facts(**({"carried_capability": 501, "prepaid": 12, "denying": 12} | changed))
    assert verdict(modest, "prompt", "failover") == "resale"
    few = replace(ORDINARY, capability=np.ones(19), output=np.full(19, 900.0))
    assert verdict(modest, "prompt", "failover", outside=few) == "distillation"


NO_TASKS = replace(ORDINARY, tasks=False)
UNTOLD = {"carried_capability": 0, "core": 1800, "carried_output": 880.0}
DENIED = {"prepaid": 12, "denying": 12}


def test_where_no_task_tells_one_long_body_of_content_whose_people_are_denied_is_distillation() -> None:
    assert verdict(facts(**UNTOLD, **DENIED), "prompt", "failover", outside=NO_TASKS) == "distillation"
    assert verdict(facts(**UNTOLD, **DENIED, untold=900), "prompt", "failover") == "distillation"


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"prepaid": 0}, id="nobody denied"),
        pytest.param({"carried_output": 100.0}, id="answers no longer than ordinary"),
        pytest.param({"paid": 8}, id="mostly free credit"),
    ],
)
def test_where_no_task_tells_one_body_of_content_is_undetermined_if_a_sign_is_missing(changed: dict[str, Any]) -> None:
    assert verdict(facts(**(UNTOLD | DENIED | changed)), "prompt", "failover", outside=NO_TASKS) == "undetermined"


def test_where_no_task_tells_work_of_many_customers_by_a_hand_that_hides_is_resale() -> None:
    assert verdict(facts(**(UNTOLD | DENIED | {"core": 900})), "prompt", "payment", outside=NO_TASKS) == "resale"


def test_requests_without_a_task_do_not_count_for_or_against() -> None:
    few_told = {"carried_capability": 400, "untold": 400, "carried_output": 880.0}
    assert verdict(facts(**few_told), "prompt", "failover") == "distillation"
    assert verdict(facts(**few_told | {"carried_capability": 290}), "prompt", "failover") == "resale"


NO_PAYMENTS = replace(ORDINARY, payments=False, unpaid=1.0, prepaid=0.005)


def test_where_payments_are_unknown_nobody_counts_as_never_having_paid() -> None:
    assert verdict(facts(paid=0), "prompt", "failover", outside=NO_PAYMENTS) == "distillation"
    assert verdict(facts(paid=0, trial=14), "prompt", "failover", outside=NO_PAYMENTS) == "trial_abuse"


def test_where_payments_are_unknown_free_trials_alone_show_a_farm() -> None:
    found = judged(facts(trial=20, paid=0, carried_capability=0), "device", "network", outside=NO_PAYMENTS)
    assert found.verdict == "trial_abuse"
    assert "20 of 20 are free trials, who pays is unknown" in found.reasons


def test_what_the_provider_does_not_send_is_said() -> None:
    nothing = replace(ORDINARY, tasks=False, payments=False, programs=False)
    found = judged(facts(), "prompt", outside=nothing)
    assert "what they seek is unknown" in found.reasons[-1]
    assert found.counter_evidence[-1].startswith("unknown: what requests ask for")
    assert found.counter_evidence[-1].endswith("who pays and how; who is on a free trial")
    assert not any(line.startswith("unknown") for line in judged(facts(), "prompt").counter_evidence)


FARM = {"trial": 20, "paid": 0, "carried_capability": 0}


def test_a_bought_domain_or_a_made_up_organisation_does_not_vouch_for_a_farm_on_one_device() -> None:
    assert verdict(facts(**FARM, own_domain=20, crowd=14), "device", "mail") == "trial_abuse"
    assert verdict(facts(**FARM, org=20, crowd=14), "device", "mail") == "trial_abuse"


def test_a_school_on_free_trials_is_no_farm_with_devices_of_its_own_or_under_contract() -> None:
    assert verdict(facts(**FARM, own_domain=20, crowd=4), "device", "mail") == "organisation"
    assert verdict(facts(**FARM, attested=20, crowd=20), "device", "mail") == "organisation"


def test_where_no_length_is_told_the_task_alone_says_what_is_sought() -> None:
    no_lengths = replace(ORDINARY, output=np.zeros(200), lengths=False)
    most = facts(carried_capability=950, carried_output=0.0)
    assert verdict(most, "prompt", "failover", outside=no_lengths) == "distillation"
    assert verdict(replace(most, carried_capability=700), "prompt", "failover", outside=no_lengths) == "resale"


def test_prepaid_cards_hide_nobody_where_one_payer_shows() -> None:
    assert verdict(facts(**DENIED, payer=5), "prompt", "payment") == "distillation"
    shown = judged(facts(**DENIED, payer=11), "prompt", "payment")
    assert shown.verdict == "undetermined"
    assert "11 of 20 show one payer" in " ".join(shown.counter_evidence)
    assert verdict(facts(**DENIED, payer=11, banned=9), "prompt", "payment") == "distillation"


OFFICE = {"office": 18, "devices": 20}


@pytest.mark.parametrize("acts", [{"prepaid": 19, "denying": 19}, {"banned": 9, "denying": 9}])
def test_people_of_one_office_are_accused_only_for_what_most_of_them_deny_twice(acts: dict[str, int]) -> None:
    assert verdict(facts(**acts), "prompt", "payment") == "distillation"
    spared = judged(facts(**acts, **OFFICE), "prompt", "payment")
    assert spared.verdict == "undetermined"
    assert "18 of 20 come through networks that most use" in " ".join(spared.counter_evidence)
    assert verdict(facts(**acts, **OFFICE), "prompt", "payment", "failover") == "distillation"
    both = {"prepaid": 12, "banned": 9, "denying": 15}
    assert verdict(facts(**both, **OFFICE), "prompt", "payment") == "distillation"


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"crowded": 6}, id="more accounts than people"),
        pytest.param({"devices": 0}, id="devices unknown"),
        pytest.param({"office": 9}, id="half elsewhere"),
        pytest.param({"hopping": 12}, id="on the move"),
    ],
)
def test_is_no_office(changed: dict[str, int]) -> None:
    acts = {"prepaid": 19, "denying": 19}
    assert verdict(facts(**(acts | OFFICE | changed)), "prompt", "payment") == "distillation"


def test_resale_is_the_work_of_many_customers() -> None:
    sold = {"carried_capability": 100, "prepaid": 12}
    assert verdict(facts(**sold, core=900), "payment", "network") == "resale"
    assert verdict(facts(**sold, core=1100), "payment", "network") == "undetermined"
    assert verdict(facts(**sold, requests=0, carried=0), "payment", "network") == "undetermined"
