import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.report.layout import placed

NONE = np.empty((0, 2), dtype=np.int64)


def test_linked_accounts_lie_nearer_than_strangers() -> None:
    groups = [(left, right) for base in (0, 5) for left in range(base, base + 5) for right in range(left + 1, base + 5)]
    at = placed(10, np.array(groups), np.ones(len(groups)))
    inside = np.mean([np.linalg.norm(at[left] - at[right]) for left, right in groups])
    outside = np.mean([np.linalg.norm(at[left] - at[right]) for left in range(5) for right in range(5, 10)])
    assert inside < outside / 2


@settings(max_examples=25)
@given(st.integers(1, 12), st.data())
def test_places_are_within_the_square_and_apart(count: int, data: st.DataObject) -> None:
    pairs = data.draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=12))
    links = np.array([pair for pair in pairs if pair[0] != pair[1]], dtype=np.int64).reshape(-1, 2)
    at = placed(count, links, np.ones(len(links)))
    assert at.shape == (count, 2) and np.isfinite(at).all()
    assert (at >= -1e-9).all() and (at <= 1 + 1e-9).all()
    assert len({tuple(place) for place in at.round(6)}) == count
    assert np.array_equal(at, placed(count, links, np.ones(len(links))))


@pytest.mark.parametrize("count", [0, 1])
def test_few_accounts_have_places_too(count: int) -> None:
    assert placed(count, NONE, np.empty(0)).shape == (count, 2)
