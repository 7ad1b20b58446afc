"""Where clusters may start: pairs of labelled accounts, and who is held in more than one way."""

from itertools import combinations

import numpy as np
import pytest

from graph.links import FAMILIES
from graph.seeds import by_one_hand, labelled, plain, tied
from graph.signals.signal import Family
from tests.graph.scored import ACCOUNTS, scored

PROMPT, NETWORK, FAILOVER = (FAMILIES.index(f) for f in (Family.PROMPT, Family.NETWORK, Family.FAILOVER))


def strangers() -> dict[tuple[int, int], dict[int, float]]:
    """Pairs of strangers who show one thing or the other: under one is expected to show both."""
    some = [(i, j) for i in range(300, 400) for j in range(i + 1, i + 7) if j < 400]
    return {pair: {FAILOVER: 4.0} if n % 2 else {NETWORK: 3.1} for n, pair in enumerate(some[:480])}


def among(accounts: set[int]) -> np.ndarray:
    return np.isin(np.arange(ACCOUNTS), sorted(accounts))


RING = set(range(6))
# A ring whose pairs share a prompt, and as many strangers who do.
SHARING = {pair: {PROMPT: 9.0} for pair in [*combinations(sorted(RING), 2), *((i, i + 1) for i in range(50, 90, 2))]}


def test_labels_make_seeds_of_what_would_be_chance_among_all() -> None:
    pairs = scored(SHARING)
    free = np.ones(len(pairs.left), dtype=np.bool_)
    assert not plain(pairs, free)[0].any()
    seeds, line = labelled(among(RING), pairs, free)
    assert set(pairs.left[seeds]) | set(pairs.right[seeds]) == RING
    assert line.endswith(" nats: 15")


@pytest.mark.parametrize("wrongly", [{50}, {50, 52, 54}, set(range(100, 200))])
def test_who_is_labelled_by_mistake_makes_no_seed(wrongly: set[int]) -> None:
    pairs = scored(SHARING)
    seeds, _ = labelled(among(RING | wrongly), pairs, np.ones(len(pairs.left), dtype=np.bool_))
    assert set(pairs.left[seeds]) | set(pairs.right[seeds]) <= RING


def test_one_network_makes_no_seed_of_labelled_accounts() -> None:
    pairs = scored({pair: {NETWORK: 40.0} for pair in combinations(sorted(RING), 2)})
    assert not labelled(among(RING), pairs, np.ones(len(pairs.left), dtype=np.bool_))[0].any()


@pytest.mark.parametrize(
    ("links", "held"),
    [
        ([(0, 1)], set()),
        ([(0, 1), (1, 2), (2, 3)], set()),
        ([(0, 1), (1, 2), (0, 2), (2, 3)], {0, 1, 2}),
        ([(0, 1), (1, 2), (0, 2), (2, 3), (3, 4), (4, 5), (3, 5)], {0, 1, 2, 3, 4, 5}),
    ],
)
def test_whom_a_single_link_holds_is_not_tied(links: list[tuple[int, int]], held: set[int]) -> None:
    pairs = scored(strangers() | {pair: {FAILOVER: 4.0, NETWORK: 3.1} for pair in links})
    assert set(np.flatnonzero(tied(pairs, by_one_hand(pairs) & (pairs.left < 300), ACCOUNTS))) == held


def test_links_by_prompts_alone_tie_nobody() -> None:
    pairs = scored({pair: {PROMPT: 30.0, NETWORK: 20.0} for pair in combinations(range(4), 2)})
    assert not tied(pairs, by_one_hand(pairs), ACCOUNTS).any()
