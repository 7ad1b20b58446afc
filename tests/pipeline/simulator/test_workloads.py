"""What MinHash can and cannot see of each level of evasion."""

from itertools import combinations
from random import Random
from statistics import mean

import pytest

from pipeline.privacy.fingerprint import fingerprint
from pipeline.simulator import identities
from pipeline.simulator.assignments import member
from pipeline.simulator.prompts import Prompt, capability_template
from pipeline.simulator.tradecraft import levels
from pipeline.simulator.workloads import Chat, Customers, Mixture, Templates
from pipeline.simulator.world import Plan, World

CRAFTS = {craft.kind: craft for craft in levels()}


def similarity(left, right):
    """Mean share of equal slots between the prompts of two senders."""
    pairs = [(a.fingerprint().prompt_minhash, b.fingerprint().prompt_minhash) for a in left for b in right]
    return mean(mean(x == y for x, y in zip(a, b, strict=True)) for a, b in pairs)


def asked(workload, seed, count=12):
    rng = Random(seed)
    return [workload.ask(rng, True) for _ in range(count)]


def among(workloads, seed):
    """Mean similarity of what different senders ask."""
    senders = [asked(workload, seed + place) for place, workload in enumerate(workloads)]
    return mean(similarity(a, b) for a, b in combinations(senders, 2))


def ring(kind, seed):
    """Mean similarity among four accounts of one operator which wants one thing."""
    rng = Random(seed)
    wanted = [capability_template(rng)]
    account = World(Plan(1, 0, 1, seed, 0)).account(rng, kind, identities.person(rng), 0)
    return among([member(CRAFTS[kind], wanted, account, rng).work for _ in range(4)], seed)


@pytest.fixture(scope="module")
def similar():
    measured = {kind: mean(ring(kind, seed) for seed in range(3)) for kind in CRAFTS if kind.startswith("distiller_")}
    strangers = mean(
        among([Templates([capability_template(Random(10 * seed + place))]) for place in range(4)], seed)
        for seed in range(4)
    )
    return measured | {"strangers": strangers}


def test_each_level_leaves_less_in_common(similar):
    order = ["distiller_careless", "distiller_pooled", "distiller_mimic", "distiller_rewriter"]
    levels_of_evasion = [similar[kind] for kind in order]
    assert levels_of_evasion == sorted(levels_of_evasion, reverse=True)
    assert similar["distiller_careless"] > 0.35
    assert similar["distiller_isolated"] > 0.1


def test_a_paraphrase_keeps_some_slots(similar):
    assert 0.04 < similar["distiller_mimic"] < 0.25


def test_rewriters_share_no_more_than_strangers_do(similar):
    assert similar["distiller_rewriter"] < 0.03
    assert similar["distiller_rewriter"] < similar["strangers"] + 0.02


@pytest.mark.parametrize("as_parts", [False, True])
@pytest.mark.parametrize(
    "prompt",
    [
        Prompt("You are terse.", ("Is the kettle, by any chance, on?",), "", "chat"),
        Prompt("You are terse.", ("hi", "Hello there!", "Why is my oven so loud in May?"), "", "chat"),
        Prompt("", ("第一个问题是什么", "Two.", "?"), "", "chat"),
    ],
)
def test_the_fingerprint_sent_is_that_of_the_raw_prompt(prompt, as_parts):
    assert prompt.fingerprint() == fingerprint(prompt.raw(as_parts))


def test_one_turn_without_system_prompt_is_sent_as_a_string():
    prompt = Prompt("", ("One two three four five",), "", "chat")
    assert prompt.raw(as_parts=True) == "One two three four five"
    assert prompt.fingerprint().prompt_minhash == fingerprint("One two three four five").prompt_minhash


def test_a_reworded_template_keeps_its_ideas_and_changes_some_words():
    template = capability_template(Random(4))
    variants = {template.reworded(Random(seed), 0.3).ask(Random(1)).template_hash for seed in range(20)}
    assert len(variants) > 5
    assert template.reworded(Random(1), 0.0).ask(Random(2)) == template.ask(Random(2))


def test_a_conversation_keeps_its_first_turn_until_a_new_one():
    rng, chat = Random(2), Chat()
    first = chat.ask(rng, True)
    assert len(first.turns) == 1
    went_on = 0
    for _ in range(40):
        following = chat.ask(rng, False)
        if len(following.turns) > 1:
            assert following.turns[: len(first.turns)] == first.turns
            assert len(following.turns) == len(first.turns) + 2 <= 9
            went_on += 1
        first = following
    assert went_on > 10


def test_a_mixture_keeps_to_its_shares():
    rng = Random(3)
    parts = [Templates([capability_template(rng)]) for _ in range(2)]
    mixture = Mixture([(0.8, parts[0]), (0.2, parts[1])])
    hashes = [mixture.ask(rng, True).template_hash for _ in range(600)]
    assert 0.74 < hashes.count(parts[0].ask(rng, True).template_hash) / 600 < 0.86


def test_customers_of_a_reseller_are_several_people():
    rng = Random(5)
    customers = Customers(rng)
    assert len({customers.ask(rng, False).turns[0] for _ in range(60)}) > 3
