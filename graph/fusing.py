"""Which clusters are one: those between which more links of one hand run than chance would lay."""

import numpy as np
from scipy.stats import poisson

from graph.components import join
from graph.links import Scored
from graph.null import Bools, Ints
from graph.seeds import SEED_SHARE, one_hand


def fuse(scored: Scored, labels: Ints) -> Ints:
    """`labels` with clusters joined that are one.

    Strangers' pairs that look like one hand's fall on two clusters as the pairs of accounts between them are many, so
    their number is Poisson; in SEED_SHARE of populations two clusters may be joined by chance (Bonferroni). Links that
    share an account are one: what makes one look so may well make another.
    """
    left, right = labels[scored.left], labels[scored.right]
    links = one_hand(scored, (left != right) | (left < 0))
    at = np.flatnonzero(links.seeds & (left >= 0) & (right >= 0))
    if not len(at):
        return labels
    pair, count = _distinct(scored.left[at], scored.right[at], labels)
    sizes = np.bincount(labels[labels >= 0])
    one, other = pair >> 32, pair & 0xFFFFFFFF
    accounts, clusters = len(labels), int((sizes > 0).sum())
    by_chance = links.expected * sizes[one] * sizes[other] / (accounts * (accounts - 1) / 2)
    sure = poisson.sf(count - 1, by_chance) * clusters * (clusters - 1) / 2 < SEED_SHARE
    return join(labels, one[sure], other[sure])


def _distinct(left: Ints, right: Ints, labels: Ints) -> tuple[Ints, Ints]:
    """Pairs of linked clusters (lesser << 32 | greater), and how many accounts of either have links at least."""
    swap: Bools = labels[left] > labels[right]
    left, right = np.where(swap, right, left), np.where(swap, left, right)
    pair = labels[left] << 32 | labels[right]
    ends = [np.unique(np.stack([pair, accounts]), axis=1)[0] for accounts in (left, right)]
    pairs, one = np.unique(ends[0], return_counts=True)
    return pairs, np.minimum(one, np.unique(ends[1], return_counts=True)[1])
