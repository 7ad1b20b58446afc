"""How many pairs of strangers, in the whole population, reach a total weight over independent families."""

from dataclasses import dataclass

import numpy as np

from graph.null import BINS, LEAST_MEAN, MICRO, MOST_MEAN, OCTAVE, STEP, Floats, Ints, Null, mean_row
from pipeline.errors import LakeError


@dataclass(frozen=True)
class Chance:
    """`expected[t]`: pairs of strangers expected in the population with a total weight of at least t / STEP nats."""

    expected: Floats
    by_family: dict[str, Floats]

    def of(self, weight: Ints) -> Floats:
        """Expected pairs at each total weight (micro-nats)."""
        return self.expected[np.minimum(weight * STEP // MICRO, len(self.expected) - 1)]

    def threshold(self) -> int:
        """Least total weight, in micro-nats, at which under one pair is expected."""
        below = np.flatnonzero(self.expected < 1.0)
        if not len(below):
            raise LakeError(
                "the null makes no sense: strangers are expected to agree at every weight",
                expected="keys that some accounts have and others do not",
                remedy="look at the degrees in account_key_days: one value may be standing in for missing ones",
            )
        return int(below[0]) * MICRO // STEP


def population(nulls: dict[str, Null], holdings: dict[str, Ints], accounts: int) -> Chance:
    """Convolve the families' weights among strangers.

    `holdings[family]`: number of keys of each account that has any; the other accounts agree with nobody.
    """
    pairs = accounts * (accounts - 1) / 2
    total = np.ones(1)
    by_family = {}
    for family, null in nulls.items():
        mass = _weight_mass(null, holdings[family], accounts)
        by_family[family] = pairs * mass[::-1].cumsum()[::-1]
        total = np.convolve(total, mass)
    return Chance(pairs * total[::-1].cumsum()[::-1], by_family)


def _weight_mass(null: Null, held: Ints, accounts: int) -> Floats:
    """Distribution of the family's weight over pairs of strangers, on the grid of weights, rounded up."""
    mass = np.zeros(BINS + 1)
    if null.rate == 0.0 or not len(held):
        mass[0] = 1.0
        return mass
    octaves = np.ceil(np.log2(held.astype(np.float64)) * OCTAVE - 1e-9).astype(np.int64)
    pairs = np.convolve(np.bincount(octaves), np.bincount(octaves)).astype(np.float64)
    means = null.rate * 2.0 ** (np.arange(len(pairs)) / OCTAVE)
    for share, row in zip(pairs / float(accounts) ** 2, mean_row(means), strict=True):
        if row > MOST_MEAN - LEAST_MEAN:
            continue
        tail = null.tail[row]
        nats = np.minimum(np.ceil(-np.log(tail) * STEP - 1e-9), BINS).astype(np.int64)
        np.add.at(mass, nats, share * (tail - np.append(tail[1:], 0.0)))
    mass[0] += max(0.0, 1.0 - mass.sum())
    return mass
