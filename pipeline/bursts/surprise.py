"""How surprising a count is."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, hyp1f1

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def surprise(counts: Ints, expected: Floats) -> Floats:
    """−ln P(X ≥ n) of a Poisson X with the mean `expected`, for each n of `counts`; in nats, to the micro-nat.

    P(X ≥ n) is the regularised incomplete gamma function P(n, λ) (DLMF 8.4.10), here by its logarithm, which does not
    underflow: P(n, λ) = λⁿ e^-λ / Γ(n + 1) · M(1, n + 1, λ) (DLMF 8.5.1). Counts at or below the mean surprise by 0.
    """
    n = counts.astype(np.float64)
    above = n > expected
    rate = np.where(above, expected, 0.5)  # the series is asked for nothing else
    least = np.where(above, n, 1.0)
    logarithm = least * np.log(rate) - rate - gammaln(least + 1) + np.log(hyp1f1(1.0, least + 1, rate))
    return np.asarray(np.round(np.where(above, np.maximum(-logarithm, 0.0), 0.0), 6), dtype=np.float64)
