"""Groups that owe nothing to the rest of their cluster."""

import numpy as np
import pytest

from graph.verdict.forerunners import first_groups

TWO = [(0, 1), (1, 0)]
THREE = [(10, 11), (11, 12), (12, 10)]


@pytest.mark.parametrize(
    ("edges", "groups"),
    [
        ([], []),
        ([(0, 1), (1, 2)], []),  # who only follow one another are no group
        (TWO, [[0, 1]]),
        ([*TWO, (0, 5), (1, 6)], [[0, 1]]),  # followers are not of the group
        ([*TWO, (7, 0)], [[0, 1, 7]]),  # whom it followed is
        ([*TWO, (1, 10), *THREE], [[0, 1]]),  # a group that owes to another is not first
        ([*TWO, *THREE], [[0, 1], [10, 11, 12]]),
        ([*TWO, *THREE, (7, 0), (7, 10)], [[0, 1, 7, 10, 11, 12]]),  # two that owe to one account are together
        ([*TWO, (1, 10), *THREE, (12, 0)], [[0, 1, 10, 11, 12]]),  # giving and taking
    ],
)
def test_the_first_groups_are_bound_in_themselves_and_owe_nothing(
    edges: list[tuple[int, int]], groups: list[list[int]]
) -> None:
    source, target = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    assert first_groups(source, target, 20) == groups
