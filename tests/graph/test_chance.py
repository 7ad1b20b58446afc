import numpy as np
import pytest

from graph.chance import population
from graph.null import MICRO
from pipeline.errors import LakeError


def test_one_family_expects_pairs_in_proportion_to_chance() -> None:
    chance = population({"device": 0.001}, 1000)
    assert chance.expected[0] == pytest.approx(499_500)
    assert chance.of(np.array([1 * MICRO]))[0] == pytest.approx(499.5, rel=1e-9)
    assert chance.of(np.array([20 * MICRO]))[0] == pytest.approx(499_500 * np.exp(-20), rel=1e-6)


def test_a_second_family_raises_what_is_expected_but_by_less_than_all() -> None:
    alone = population({"device": 0.001}, 1000)
    both = population({"device": 0.001, "payment": 0.001}, 1000)
    weight = np.array([12 * MICRO])
    assert alone.of(weight)[0] < both.of(weight)[0] < 100 * alone.of(weight)[0]


def test_the_threshold_is_where_under_one_pair_is_expected() -> None:
    chance = population({"network": 1.0, "mail": 1.0}, 2000)
    threshold = chance.threshold()
    assert chance.of(np.array([threshold]))[0] < 1.0 <= chance.of(np.array([threshold - MICRO // 8]))[0]


def test_a_population_for_which_no_weight_is_enough_is_refused() -> None:
    with pytest.raises(LakeError, match="null makes no sense"):
        population({f"family-{i}": 1.0 for i in range(90)}, 10**9).threshold()
