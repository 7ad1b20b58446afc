"""Which pairs of accounts clusters may start from."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from graph.candidates import HAND, OWNED
from graph.chance import Chance
from graph.components import components, cut_bridges
from graph.links import FAMILIES, SUPPORT, Scored
from graph.membership import corroboration, drop_small
from graph.null import MICRO, Bools, Ints
from graph.signals.signal import Family

# After the plain seeds others may be chance once in twenty: what joins them is tested account by account, and a chance
# pair that nobody joins is a pair.
SEED_SHARE = 0.05
PHRASE = FAMILIES.index(Family.PHRASE)

# Of pairs scored under one null and whether each is free: which are seeds, and a line that says so.
Seeds = Callable[[Scored, Bools], tuple[Bools, str]]


def confirmed(operators: Ints, scored: Scored, free: Bools) -> tuple[Bools, str]:
    """Pairs of one confirmed operator, where so much speaks for them as would be chance once in twenty.

    They are not picked from all pairs of the population, so no more is asked. Who was confirmed by mistake shares
    nothing with the others, and stays a stranger.
    """
    same = (operators[scored.left] >= 0) & (operators[scored.left] == operators[scored.right])
    seeds = scored.may & free & same & (scored.weights.sum(axis=1) >= SUPPORT)
    return seeds, f"pairs of confirmed operators, from {SUPPORT / MICRO:.1f} nats: {int(seeds.sum())}"


def labelled(marked: Bools, scored: Scored, free: Bools) -> tuple[Bools, str]:
    """Pairs of labelled accounts that match where strangers among so few would once in twenty populations.

    Circumstances do not count: reviewers look through whole networks. Who was labelled by mistake shares nothing with
    the others, and stays a stranger.
    """
    could = scored.may & free & marked[scored.left] & marked[scored.right]
    count, accounts = int(marked.sum()), len(marked)
    among = scored.chance.among(count * (count - 1) / (accounts * (accounts - 1)))
    total = scored.weights[:, OWNED].sum(axis=1)
    threshold = max(SUPPORT, among.threshold(few=SEED_SHARE))
    seeds = could & (total >= threshold)
    return seeds, f"pairs of labelled accounts, from {threshold / MICRO:.1f} nats: {int(seeds.sum())}"


def plain(scored: Scored, free: Bools) -> tuple[Bools, str]:
    """Pairs that under one pair of strangers would match by chance, and that rest on more than phrases."""
    rest = scored.weights.sum(axis=1) - scored.weights[:, PHRASE]
    sown = _under(scored, scored.chance, scored.may & free & (rest >= SUPPORT), 0.0)
    return sown.seeds, _told(sown)


def faint(scored: Scored, free: Bools) -> tuple[Bools, str]:
    """Pairs of whom at most SEED_SHARE match by chance, on phrases alone too."""
    sown = _under(scored, scored.chance, scored.may & free, SEED_SHARE)
    return sown.seeds, _told(sown)


def held_by_one_hand(scored: Scored, free: Bools) -> tuple[Bools, str]:
    """Plain pairs, and pairs of one hand with evidence of another kind, at most SEED_SHARE of them by chance."""
    seeds, line = plain(scored, free)
    more = one_hand(scored, free)
    return seeds | more.seeds, f"{line}; by one hand {_told(more)}"


class Sown(NamedTuple):
    """Which pairs are seeds, from which total weight on (micro-nats), and how many pairs of strangers reach it."""

    seeds: Bools
    threshold: int
    expected: float


def one_hand(scored: Scored, could: Bools) -> Sown:
    """Pairs of one hand with evidence of another kind, at most SEED_SHARE of those that `could` be seeds by chance."""
    held = could & scored.may & by_one_hand(scored)
    return _under(scored, scored.one_hand, held & (corroboration(scored.weights) >= SUPPORT), SEED_SHARE)


def seed_labels(scored: Scored, seeds: Bools, accounts: int, group: int) -> Ints:
    """Every account's group of seeds, or -1, where no chance link alone joins `group` accounts or more to as many."""
    left, right, keep = _bridged(scored, seeds, accounts, group)
    return drop_small(components(left[keep], right[keep], accounts))


def by_one_hand(scored: Scored) -> Bools:
    """Which pairs show one hand."""
    return np.asarray(scored.weights[:, HAND].sum(axis=1) >= SUPPORT, dtype=np.bool_)


def every(scored: Scored) -> Bools:
    """All pairs."""
    return np.ones(len(scored.left), dtype=np.bool_)


def none(scored: Scored) -> Bools:
    """No pair."""
    return np.zeros(len(scored.left), dtype=np.bool_)


def tied(scored: Scored, seeds: Bools, accounts: int) -> Bools:
    """Which accounts are held by `seeds` in more than one way: no chance link alone holds them."""
    left, right, keep = _bridged(scored, seeds, accounts, 1)
    return np.isin(np.arange(accounts), np.concatenate([left[keep], right[keep]]))


def _bridged(scored: Scored, seeds: Bools, accounts: int, group: int) -> tuple[Ints, Ints, Bools]:
    left, right = scored.left[seeds], scored.right[seeds]
    # A bridge stands where another is to be expected in no more than one of twenty populations, and two kinds of
    # evidence speak for it.
    firm = (scored.expected[seeds] <= SEED_SHARE) & (corroboration(scored.weights[seeds]) >= SUPPORT)
    return left, right, cut_bridges(left, right, accounts, firm, group)


def _under(scored: Scored, chance: Chance, could: Bools, share: float) -> Sown:
    """The pairs that `could` be seeds from where under one, or that `share` of them, is expected by chance."""
    total = scored.weights.sum(axis=1)
    threshold = chance.threshold(total[could], share)
    return Sown(could & (total >= threshold), threshold, float(chance.of(np.array([threshold]))[0]))


def _told(sown: Sown) -> str:
    line = f"seeds from {sown.threshold / MICRO:.1f} nats, where {sown.expected:.2g} pairs of strangers are expected: "
    return line + str(int(sown.seeds.sum()))
