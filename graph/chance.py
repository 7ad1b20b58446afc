"""How many pairs of strangers, in the whole population, reach a total weight over independent families."""

from dataclasses import dataclass

import numpy as np

from graph.null import MICRO, Floats, Ints
from pipeline.errors import LakeError

# The grid of weights: eighths of a nat, up to where no population of accounts leaves a pair by chance.
STEP = 8
BINS = 128 * STEP


@dataclass(frozen=True)
class Chance:
    """`expected[t]`: pairs of strangers expected in the population with a total weight of at least t / STEP nats."""

    expected: Floats
    by_family: dict[str, Floats]

    def of(self, weight: Ints) -> Floats:
        """Expected pairs at each total weight (micro-nats)."""
        return self.expected[np.minimum(weight * STEP // MICRO, BINS)]

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


def population(weights: Ints, families: tuple[str, ...], accounts: int, times: Ints | None = None) -> Chance:
    """Convolve the families' weights among strangers.

    `weights[i, f]`: what pair i shows in family f, micro-nats; pairs not listed show nothing; `times[i]`: how many
    pairs it stands for, one unless given. A family's weight is −ln of a chance, so strangers reach w with chance e^-w
    at most; nor do they more often than all pairs do, operators' own among them. The lesser of the two holds.
    """
    pairs = accounts * (accounts - 1) / 2
    total = np.zeros(BINS + 1)
    total[0] = 1.0
    by_family = {}
    for f, family in enumerate(families):
        seen = np.bincount(np.minimum(-(-weights[:, f] * STEP // MICRO), BINS), times, BINS + 1)
        shown = seen[::-1].cumsum()[::-1] / max(pairs, 1.0)
        reach = np.minimum(shown, np.exp(-np.arange(BINS + 1) / STEP))
        reach[0] = 1.0
        by_family[family] = pairs * reach
        total = _sum(total, np.append(reach[:-1] - reach[1:], reach[-1]))
    return Chance(pairs * total[::-1].cumsum()[::-1], by_family)


def _sum(one: Floats, other: Floats) -> Floats:
    """Distribution of the sum, the last bin holding all that is larger, each weight rounded up to its bin's end."""
    full = np.convolve(one, other)
    full = np.concatenate([full[:BINS], [full[BINS:].sum()]])
    return np.asarray(full, dtype=np.float64)
