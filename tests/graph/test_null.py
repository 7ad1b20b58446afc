import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.null import MICRO, TILTS, Null, exceeds, family_null


def one(number: int) -> np.ndarray:
    return np.array([number], dtype=np.int64)


def null_of(degree: np.ndarray, hands: np.ndarray, keys: np.ndarray, total: int, accounts: int) -> Null:
    """Of a family with `keys[i]` keys of `degree[i]`, held by `hands[i]` strangers."""
    return family_null(np.log(accounts / degree), (hands * (hands - 1) * keys).astype(float), total)


def test_two_rare_keys_weigh_more_than_one_and_less_between_accounts_that_hold_many() -> None:
    null = null_of(np.array([2, 10]), np.array([2, 10]), np.array([200, 30]), 4000, 2000)
    rare = int(np.log(1000) * MICRO)
    once = null.weights(one(rare), np.array([4.0]))[0]
    twice = null.weights(one(2 * rare), np.array([4.0]))[0]
    busy = null.weights(one(2 * rare), np.array([40000.0]))[0]
    assert 0 < once < twice
    assert busy < twice


def test_a_family_in_which_nothing_is_shared_weighs_nothing() -> None:
    none = np.array([], dtype=np.int64)
    null = null_of(none, none, none, 100, 50)
    assert null.rate == 0.0


@given(st.integers(2, 30), st.floats(0.001, 2.0), st.integers(0, 20))
def test_the_bound_is_never_below_the_true_chance_of_a_poisson_sum(degree: int, mean: float, count: int) -> None:
    rarity = float(np.log(1000 / degree))
    weight = exceeds(np.array([count * rarity]), [np.array([mean * np.expm1(t * rarity)]) for t in TILTS.tolist()])[0]
    terms = np.arange(count, count + 200)
    logs = terms * np.log(mean) - mean - np.array([sum(np.log(np.arange(1, n + 1))) for n in terms])
    true = min(1.0, float(np.exp(logs).sum()))
    assert np.exp(-weight / MICRO) >= true * (1 - 1e-6)


def test_one_rare_key_weighs_exactly_its_chance() -> None:
    rarity, mean = float(np.log(500)), 0.001
    weight = exceeds(np.array([rarity]), [np.array([mean * np.expm1(t * rarity)]) for t in TILTS.tolist()])[0]
    assert weight / MICRO == pytest.approx(-np.log(mean), abs=0.01)


def test_configuration_model_matches_a_random_rewiring() -> None:
    rng = np.random.default_rng(7)
    accounts, degree, keys = 400, 5, 300
    stubs = np.repeat(np.arange(accounts), degree * keys // accounts + 1)
    null = null_of(np.array([degree]), np.array([degree]), np.array([keys]), len(stubs), accounts)
    shared = 0
    for _ in range(20):
        holders = rng.permutation(stubs)[: degree * keys].reshape(keys, degree)
        shared += sum(len(set(row)) * (len(set(row)) - 1) // 2 for row in holders.tolist())
    held = np.bincount(stubs)
    expected = null.rate * (held.sum() ** 2 - (held**2).sum()) / 2
    assert expected == pytest.approx(shared / 20, rel=0.1)


def test_what_one_hand_holds_many_times_does_not_make_the_same_look_common_elsewhere() -> None:
    degree, keys = np.array([2, 2]), np.array([3000, 10])
    rare = int(np.log(1000) * MICRO)
    every = null_of(degree, degree, keys, 40_000, 2000).weights(one(rare), np.array([400.0]))[0]
    found = null_of(degree, np.array([1, 2]), keys, 37_000, 2000).weights(one(rare), np.array([400.0]))[0]
    assert found - every == pytest.approx(np.log(3010 / 10) * MICRO - 2 * np.log(40 / 37) * MICRO, rel=0.01)


def test_timing_that_strangers_show_in_one_of_twenty_cases_adds_what_it_is_worth() -> None:
    rarity = np.log(np.array([500.0]))
    plain = family_null(rarity, np.array([200.0]), 40_000).weights(one(int(rarity[0] * MICRO)), np.array([400.0]))[0]
    timed = rarity + np.log(20)
    told = family_null(timed, np.array([10.0]), 40_000).weights(one(int(timed[0] * MICRO)), np.array([400.0]))[0]
    assert told - plain == pytest.approx(np.log(20) * MICRO, rel=0.01)
