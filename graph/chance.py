"""How many pairs of strangers, in the whole population, reach a total weight over independent families."""

from dataclasses import dataclass

import numpy as np

from graph.null import MICRO, Bytes, Floats, Ints, Smalls
from graph.signals.signal import ONE_HAND
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

    def among(self, share: float) -> "Chance":
        """The same for a `share` of the population's pairs, picked without a look at what they agree in."""
        return Chance(share * self.expected, {family: share * pairs for family, pairs in self.by_family.items()})

    def threshold(self, found: Ints | None = None, share: float = 0.0, few: float = 1.0) -> int:
        """Least total weight, in micro-nats, at which under `few` pairs are expected, or a `share` of those `found`.

        `found`: total weights of the pairs that were found, micro-nats.
        """
        allowed = np.full(BINS + 1, few)
        if found is not None:
            reaching = np.bincount(np.minimum(found * STEP // MICRO, BINS), minlength=BINS + 1)[::-1].cumsum()[::-1]
            allowed = np.maximum(few, share * reaching)
        below = np.flatnonzero(self.expected < allowed)
        if not len(below):
            raise LakeError(
                "the null makes no sense: strangers are expected to agree at every weight",
                expected="keys that some accounts have and others do not",
                remedy="look at the degrees in account_key_days: one value may be standing in for missing ones",
            )
        return int(below[0]) * MICRO // STEP


def population(
    weights: Ints | Smalls, families: tuple[str, ...], accounts: int, times: Ints | Bytes | None = None, least: int = 0
) -> Chance:
    """Convolve the families' weights among strangers.

    `weights[i, f]`: what pair i shows in family f, micro-nats; pairs not listed show nothing; `times[i]`: how many
    pairs of strangers it stands for, one unless given. A family's weight is −ln of a chance, so strangers reach w with
    chance e^-w at most; nor do they more often than all pairs do, operators' own among them. The lesser of the two
    holds.
    `least`: only pairs are counted that reach so much in the families of ONE_HAND.
    """
    pairs = accounts * (accounts - 1) / 2
    hand, rest = np.zeros(BINS + 1), np.zeros(BINS + 1)
    hand[0] = rest[0] = 1.0
    by_family = {}
    for f, family in enumerate(families):
        at = np.flatnonzero(weights[:, f])
        eighths = -(-weights[at, f].astype(np.int64) * STEP // MICRO)
        seen = np.bincount(np.minimum(eighths, BINS), None if times is None else times[at], BINS + 1)
        shown = seen[::-1].cumsum()[::-1] / max(pairs, 1.0)
        reach = np.minimum(shown, np.exp(-np.arange(BINS + 1) / STEP))
        reach[0] = 1.0
        by_family[family] = pairs * reach
        alone = np.append(reach[:-1] - reach[1:], reach[-1])
        if family in ONE_HAND:
            hand = _sum(hand, alone)
        else:
            rest = _sum(rest, alone)
    hand[: least * STEP // MICRO] = 0.0
    return Chance(pairs * _sum(hand, rest)[::-1].cumsum()[::-1], by_family)


def _sum(one: Floats, other: Floats) -> Floats:
    """Distribution of the sum, the last bin holding all that is larger, each weight rounded up to its bin's end."""
    full = np.convolve(one, other)
    full = np.concatenate([full[:BINS], [full[BINS:].sum()]])
    return np.asarray(full, dtype=np.float64)
