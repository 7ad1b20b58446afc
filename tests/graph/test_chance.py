import numpy as np
import pytest

from graph.chance import population
from graph.null import MICRO


def shown(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array([[int(nats * MICRO) for nats in row] for row in rows], dtype=np.int64)


def test_no_more_pairs_are_expected_than_are_seen() -> None:
    chance = population(shown((9.0,), (9.0,), (3.0,)), ("device",), 1000)
    assert chance.of(np.array([1 * MICRO]))[0] == pytest.approx(3)
    assert chance.of(np.array([5 * MICRO]))[0] == pytest.approx(2)
    assert chance.of(np.array([10 * MICRO]))[0] == 0


def test_nor_more_than_chance_allows() -> None:
    chance = population(np.full((499_500, 1), 20 * MICRO), ("device",), 1000)
    assert chance.of(np.array([20 * MICRO]))[0] == pytest.approx(499_500 * np.exp(-20), rel=1e-6)


def test_a_sum_over_two_families_is_expected_where_both_agree_by_chance() -> None:
    rows = shown(*[(6.0, 0.0)] * 100, *[(0.0, 6.0)] * 100)
    chance = population(rows, ("device", "payment"), 1000)
    assert chance.of(np.array([12 * MICRO]))[0] == pytest.approx(100 * 100 / 499_500)
    assert chance.threshold() <= 12 * MICRO


def test_the_threshold_is_the_least_weight_at_which_under_one_pair_is_expected() -> None:
    chance = population(np.full((1000, 2), 30 * MICRO), ("network", "mail"), 2000)
    threshold = chance.threshold()
    assert chance.of(np.array([threshold]))[0] < 1.0 <= chance.of(np.array([threshold - MICRO // 8]))[0]


def test_without_any_agreement_nothing_is_expected() -> None:
    chance = population(np.zeros((0, 2), dtype=np.int64), ("network", "mail"), 10)
    assert chance.expected[0] == pytest.approx(45)
    assert chance.of(np.array([MICRO]))[0] == 0
