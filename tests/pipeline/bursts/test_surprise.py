from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from pipeline.bursts.surprise import surprise


def one(count: int, expected: float) -> float:
    return float(surprise(np.array([count]), np.array([expected]))[0])


@given(st.integers(1, 200), st.floats(1e-4, 100.0))
def test_is_the_tail_of_the_poisson_distribution(count: int, expected: float) -> None:
    told = one(count, expected)
    if count <= expected:
        assert told == 0.0
    elif told < 600:  # beyond it the textbook formula underflows
        assert told == pytest.approx(-poisson.logsf(count - 1, expected), rel=1e-9, abs=2e-6)


def test_one_of_something_rare_is_as_surprising_as_it_is_rare() -> None:
    assert one(1, 0.01) == pytest.approx(-log(1 - exp(-0.01)), abs=1e-6)


def test_neither_a_flood_nor_a_trickle_leaves_the_numbers() -> None:
    assert one(100_000, 1e-6) == pytest.approx(100_000 * log(1e6) + 1_051_299, rel=1e-3)
    assert one(2, 1e-300) == pytest.approx(2 * 300 * log(10) + log(2), rel=1e-9)
    assert surprise(np.array([], dtype=np.int64), np.array([])).tolist() == []
