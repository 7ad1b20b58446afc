"""How strangers agree: the null that every weight is measured against.

Configuration model (Newman 2018, Networks, ch. 12): accounts and keys keep how many of each other they have, and who
has what is drawn at random. Two accounts with n_l and n_r keys of a family then share a Poisson number of keys of mean
n_l n_r Σ D(D-1) / M² (D the degrees of keys, M their sum), each of a rarity drawn from the pairs that keys make. Dense
abuse cannot spoil it: a ring's many agreements enter as keys with degrees, not as strangers who agree, and a ring that
is found as one holder.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# Micro-nats of what there is much of: MOST_NATS fit in, sums of them do not.
Smalls = NDArray[np.int32]
Bytes = NDArray[np.uint8]

MICRO = 1_000_000
# Points at which the bound is taken; the best of them holds, whichever they are. Large sums of common keys have
# their best point near 0, single rare keys near 1.
TILTS: Floats = 2.0 ** (np.arange(-12, 5) / 2.0)

# No agreement counts for more: beyond it float64, not the data, would speak.
MOST_NATS = 700.0


@dataclass(frozen=True)
class Null:
    """The null of one family.

    `rate`: Σ D(D-1) / M², the mean number of shared keys per key held on either side. `growth[i]`: mean of
    e^(TILTS[i] · rarity) − 1 over the keys that strangers share.
    """

    rate: float
    growth: Floats

    def weights(self, agreement: Ints, product: Floats) -> Ints:
        """−ln of the chance that strangers agree by `agreement` (micro-nats) or more, in micro-nats, rounded down.

        `product`: of how many keys either holds.
        """
        alike, place = _alike(agreement, product)
        mean = self.rate * alike[:, 1].view(np.float64)
        return exceeds(alike[:, 0] / MICRO, (mean * growth for growth in self.growth.tolist()))[place]


def _alike(agreement: Ints, product: Floats) -> tuple[Ints, Smalls]:
    """Rows of an agreement and the bits of a product, each once, and which of them each pair has.

    Most pairs share one key of many who have one, so they are weighed once for all.
    """
    pairs = np.stack([agreement, product.view(np.int64)], axis=1)
    width = pa.binary(pairs.itemsize * 2)
    coded = pa.FixedSizeBinaryArray.from_buffers(width, len(pairs), [None, pa.py_buffer(pairs)]).dictionary_encode()
    kept = np.frombuffer(coded.dictionary.buffers()[1], dtype=np.int64)
    return kept.reshape(-1, 2)[: len(coded.dictionary)], coded.indices.to_numpy()


def family_null(rarity: Floats, meetings: Floats, total: int) -> Null:
    """The null of a family.

    Keys of `rarity[i]` nats make `meetings[i]` ordered pairs of strangers: D(D-1) of each key of degree D, times the
    chance of the timing that it asks for. All keys of the family together are held `total` times by strangers.
    """
    growth = [float((meetings * np.expm1(tilt * rarity)).sum()) for tilt in TILTS.tolist()]
    met = float(meetings.sum())
    return Null(met / float(total) ** 2, np.array(growth) / (met or 1.0))


def exceeds(sums: Floats, grown: Iterable[Floats]) -> Ints:
    """−ln of a bound on the chance that a compound Poisson sum reaches `sums` nats, in micro-nats, rounded down.

    The i-th of `grown`: mean number of terms times the mean of e^(TILTS[i] · term) − 1; one at a time, since they are
    large. Markov's inequality for e^(s·sum) − 1: P(sum ≥ t) ≤ (exp(mean · E[e^(s·term) − 1]) − 1) / (e^(s·t) − 1),
    which is exact for one term that is always t.
    """
    best = np.zeros(len(sums))
    with np.errstate(divide="ignore", invalid="ignore"):
        for tilt, growth in zip(TILTS.tolist(), grown, strict=True):
            best = np.fmax(best, _log_expm1(tilt * sums) - _log_expm1(growth))
    return np.asarray(np.floor(np.minimum(best, MOST_NATS) * MICRO), dtype=np.int64)


def _log_expm1(x: Floats) -> Floats:
    return np.asarray(x + np.log(-np.expm1(-x)), dtype=np.float64)
