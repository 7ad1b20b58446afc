"""How strangers agree: the null that every weight is measured against.

Configuration model (Newman 2018, Networks, ch. 12): accounts and keys keep how many of each other they have, and who
has what is drawn at random. Two accounts with n_l and n_r keys of a family then share a Poisson number of keys of mean
n_l n_r Σ D(D-1) / M² (D the degrees of keys, M their sum), each of a rarity drawn from the pairs that keys make. Dense
abuse cannot spoil it: a ring's many agreements enter as keys with degrees, not as strangers who agree.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MICRO = 1_000_000
# Agreement is counted in eighths of a nat: rarities are rounded up and observed sums down, so rounding never accuses.
STEP = 8
BINS = 64 * STEP
# A Poisson number above this has negligible chance at means the grid covers; what is left counts as full agreement.
MOST_KEYS = 64
# Means of the Poisson number are rounded up to a quarter of an octave.
OCTAVE = 4
LEAST_MEAN, MOST_MEAN = -48 * OCTAVE, 5 * OCTAVE
# Where float64 sums of probabilities that should be 1 are off by rounding alone.
ROUNDING = 1e-12
# No chance is called smaller than this: below it the grid's last bin, not the data, would speak.
LEAST_CHANCE = float(np.exp(-BINS / STEP))


@dataclass(frozen=True)
class Null:
    """The null of one family.

    `tail[m, t]`: chance that strangers whose mean number of shared keys is 2^((LEAST_MEAN + m) / OCTAVE) agree by at
    least t / STEP nats. `rate`: Σ D(D-1) / M².
    """

    tail: Floats
    rate: float

    def weights(self, agreement: Ints, n_l: Ints, n_r: Ints) -> Ints:
        """−ln of the chance of at least this `agreement` (micro-nats), in micro-nats, rounded down."""
        return self.weights_at(agreement, self.rate * n_l.astype(np.float64) * n_r.astype(np.float64))

    def weights_at(self, agreement: Ints, mean: Floats) -> Ints:
        """The same where the mean number of shared keys is given."""
        t = np.minimum(agreement * STEP // MICRO, BINS)
        row = mean_row(mean)
        nats = -np.log(self.tail[np.minimum(row, MOST_MEAN - LEAST_MEAN), t])
        weight = np.where(row > MOST_MEAN - LEAST_MEAN, 0, np.floor(nats * MICRO))
        return np.asarray(weight, dtype=np.int64)


def mean_row(mean: Floats) -> Ints:
    """Row of `Null.tail` for each mean number of shared keys, rounded up; past the last row: too many to tell."""
    with np.errstate(divide="ignore"):
        octaves = np.ceil(np.log2(mean) * OCTAVE - 1e-9)
    return np.clip(octaves, LEAST_MEAN, MOST_MEAN + 1).astype(np.int64) - LEAST_MEAN


def family_null(degree: Ints, keys: Ints, accounts: int) -> Null:
    """The null of a family with `keys[i]` keys of degree `degree[i]` among `accounts` accounts."""
    total = float((degree * keys).sum())
    incidences = (degree * (degree - 1) * keys).astype(np.float64)
    rarity = np.log(accounts / np.minimum(degree, accounts).astype(np.float64))
    return Null(tails(rarity, incidences), float(incidences.sum()) / total**2 if total else 0.0)


def tails(rarity: Floats, incidences: Floats) -> Floats:
    """`Null.tail` of keys that are met in proportion to `incidences` and agree by `rarity` nats each."""
    bins = np.minimum(np.ceil(rarity * STEP), BINS).astype(np.int64)
    jumps = np.bincount(bins, incidences, BINS + 1)
    sums = _sums(jumps / max(jumps.sum(), 1.0))
    means = 2.0 ** (np.arange(LEAST_MEAN, MOST_MEAN + 1) / OCTAVE)
    chances = poisson(means)
    beyond = np.maximum(0.0, 1.0 - chances.sum(axis=1))
    beyond[beyond < ROUNDING] = 0.0
    tail = np.clip(chances @ sums[:, ::-1].cumsum(axis=1)[:, ::-1] + beyond[:, None], LEAST_CHANCE, 1.0)
    tail[:, 0] = 1.0
    return np.asarray(tail, dtype=np.float64)


def poisson(means: Floats) -> Floats:
    """Chance of 0 … MOST_KEYS at each mean; shape (means, MOST_KEYS + 1)."""
    counts = np.arange(MOST_KEYS + 1)
    logs = counts * np.log(means)[:, None] - means[:, None] - gammaln(counts + 1.0)
    return np.asarray(np.exp(logs), dtype=np.float64)


def _sums(jumps: Floats) -> Floats:
    """Distribution of the sum of 0 … MOST_KEYS jumps, the last bin holding all that is larger."""
    sums = np.zeros((MOST_KEYS + 1, BINS + 1))
    sums[0, 0] = 1.0
    for count in range(1, MOST_KEYS + 1):
        full = np.convolve(sums[count - 1], jumps)
        sums[count, :BINS] = full[:BINS]
        sums[count, BINS] = full[BINS:].sum()
    return sums
