"""Pairs of accounts with the weights that a test gives them."""

import numpy as np

from graph.chance import population
from graph.links import FAMILIES, SUPPORT, Scored
from graph.null import MICRO

ACCOUNTS = 400


def scored(nats: dict[tuple[int, int], dict[int, float]]) -> Scored:
    """Pairs → family → nats, under the null that they make themselves."""
    pairs = sorted(nats)
    weights = np.zeros((len(pairs), len(FAMILIES)), dtype=np.int64)
    for i, pair in enumerate(pairs):
        for family, weight in nats[pair].items():
            weights[i, family] = round(weight * MICRO)
    left, right = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
    chance, one_hand = (population(weights, FAMILIES, ACCOUNTS, None, least) for least in (0, SUPPORT))
    may = np.ones(len(pairs), dtype=np.bool_)
    strange = np.ones(len(pairs), dtype=np.uint8)
    return Scored(ACCOUNTS, left, right, strange, weights, chance.of(weights.sum(axis=1)), may, chance, one_hand)
