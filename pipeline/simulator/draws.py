"""Seeded random draws: every actor has a stream of its own, so changing one leaves the others as they were."""

import hashlib
import math
from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")
# Above this mean a Poisson draw is taken from the normal distribution: exact would cost time linear in the mean.
_POISSON_NORMAL = 30.0


def stream(seed: int, *name: object) -> Random:
    """The random stream of this name."""
    return Random(f"{seed}/{'/'.join(map(str, name))}")


def digest(*name: object) -> str:
    """40 hex digits that depend on the name alone."""
    return hashlib.blake2b("/".join(map(str, name)).encode(), digest_size=20).hexdigest()


def skewed(rng: Random, items: Sequence[T]) -> T:
    """One of the items, earlier ones more often (density falls like 1/√x)."""
    draw = rng.random()
    return items[int(draw * draw * len(items))]


def poisson(rng: Random, mean: float) -> int:
    """A Poisson count."""
    if mean > _POISSON_NORMAL:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def geometric(rng: Random, mean: float) -> int:
    """A geometric count of at least 1."""
    return 1 if mean <= 1 else 1 + int(math.log(1 - rng.random()) / math.log(1 - 1 / mean))


def around(rng: Random, median: float, spread: float) -> float:
    """A log-normal value with this median; `spread` is the standard deviation of its logarithm."""
    return median * math.exp(rng.gauss(0, spread))
