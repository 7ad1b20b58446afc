"""How rarely an ordinary group shows what a cluster shows."""

from functools import lru_cache

from scipy.stats import binom

# Chance of an act of concealment (bans, prepaid cards) in a group of ordinary accounts below which it counts.
ACT_CHANCE = 0.001


@lru_cache(maxsize=100_000)
def reaches(count: int, accounts: int, share: float) -> float:
    """Chance that at least `count` of `accounts` show what a `share` of all does."""
    return float(binom.sf(count - 1, accounts, share))
