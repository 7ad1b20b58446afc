"""Finds clusters in waves, from plain to faint: each starts from seeds among the accounts that have none of three yet.

After each wave the null is taken anew with every cluster found as one stranger (Efron 2004, "Large-scale simultaneous
hypothesis testing: the choice of a null hypothesis": strangers are what remains when what is found is taken out). So
what a careless operator does a thousand times does not make the same look common in a careful one, and faint seeds
cannot fuse what plain ones tell apart.
"""

from collections.abc import Callable
from functools import partial

import duckdb
import numpy as np

from graph.candidates import HAND, Membership, place_members
from graph.chance import Chance
from graph.components import GROUP, components, cut_bridges
from graph.links import FAMILIES, SUPPORT, Agreements, Scored, read_agreements, score_pairs
from graph.membership import corroboration, drop_small, grow, settle
from graph.null import MICRO, Bools, Floats, Ints
from graph.signals.signal import Family
from pipeline.errors import LakeError

# After the plain seeds others may be chance once in twenty: what joins them is tested account by account, and a chance
# pair that nobody joins is a pair.
SEED_SHARE = 0.05
# Among faint seeds no single one may join as many as two accounts to others: their keys must bear it out.
PAIR = 2
# Operators may be a third of all accounts, and many; one cluster is not half of them. Of fewer accounts it may be: a
# provider's first customers are one company.
LEAST_POPULATION = 200
PHRASE = FAMILIES.index(Family.PHRASE)

Seeds = Callable[[Scored, Bools], tuple[Bools, str]]


def find_clusters(
    con: duckdb.DuckDBPyConnection, operators: Ints, conduct: Floats, tell: Callable[[str], None]
) -> tuple[Ints, Membership, Agreements, Bools]:
    """Every account's cluster, or -1; the candidates for clusters; what pairs agree in, and which were seeds.

    `operators[a]`: the confirmed operator of account a, or -1; `conduct[a]`: what its own conduct adds to its
    corroboration, in nats.
    """
    agreements = read_agreements(con)
    labels = np.full(len(conduct), -1, dtype=np.int64)
    place_members(con, labels)
    scored = score_pairs(con, agreements, labels)
    sown = np.zeros(len(scored.left), dtype=np.bool_)
    waves = (plain, held_by_one_hand, faint)
    for wave in (partial(confirmed, operators), *waves) if operators.max(initial=-1) >= 0 else waves:
        loose = drop_small(labels, GROUP) < 0
        seeds, line = wave(scored, loose[scored.left] & loose[scored.right])
        tell(line)
        if not seeds.any():
            continue
        sown |= seeds
        fresh = _seed_labels(scored, seeds, len(labels), PAIR if wave in (held_by_one_hand, faint) else GROUP)
        labels = grow(con, np.where(fresh >= 0, fresh + labels.max(initial=-1) + 1, labels))
        place_members(con, labels)
        scored = score_pairs(con, agreements, labels)
    labels, found = settle(con, labels, conduct)
    check_majority(labels)
    return labels, found, agreements, sown


def confirmed(operators: Ints, scored: Scored, free: Bools) -> tuple[Bools, str]:
    """Pairs of one confirmed operator, where so much speaks for them as would be chance once in twenty.

    They are not picked from all pairs of the population, so no more is asked. Who was confirmed by mistake shares
    nothing with the others, and stays a stranger.
    """
    same = (operators[scored.left] >= 0) & (operators[scored.left] == operators[scored.right])
    seeds = scored.may & free & same & (scored.weights.sum(axis=1) >= SUPPORT)
    return seeds, f"pairs of confirmed operators, from {SUPPORT / MICRO:.1f} nats: {int(seeds.sum())}"


def plain(scored: Scored, free: Bools) -> tuple[Bools, str]:
    """Pairs that under one pair of strangers would match by chance, and that rest on more than phrases."""
    rest = scored.weights.sum(axis=1) - scored.weights[:, PHRASE]
    return _under(scored, scored.chance, scored.may & free & (rest >= SUPPORT), 0.0)


def faint(scored: Scored, free: Bools) -> tuple[Bools, str]:
    """Pairs of whom at most SEED_SHARE match by chance, on phrases alone too."""
    return _under(scored, scored.chance, scored.may & free, SEED_SHARE)


def held_by_one_hand(scored: Scored, free: Bools) -> tuple[Bools, str]:
    """Plain pairs, and pairs of one hand with evidence of another kind, at most SEED_SHARE of them by chance."""
    seeds, line = plain(scored, free)
    held = scored.may & free & (scored.weights[:, HAND].sum(axis=1) >= SUPPORT)
    held &= scored.weights.sum(axis=1) - scored.weights.max(axis=1) >= SUPPORT
    more, also = _under(scored, scored.one_hand, held, SEED_SHARE)
    return seeds | more, f"{line}; by one hand {also}"


def _under(scored: Scored, chance: Chance, could: Bools, share: float) -> tuple[Bools, str]:
    """The pairs that `could` be seeds from where under one, or that `share` of them, is expected by chance."""
    total = scored.weights.sum(axis=1)
    threshold = chance.threshold(total[could], share)
    seeds = could & (total >= threshold)
    expected = float(chance.of(np.array([threshold]))[0])
    line = f"seeds from {threshold / MICRO:.1f} nats, where {expected:.2g} pairs of strangers are expected: "
    return seeds, line + str(int(seeds.sum()))


def check_majority(labels: Ints) -> None:
    """Raise LakeError if most accounts are in one cluster: then there are no strangers to measure anything against."""
    most = int(np.bincount(labels[labels >= 0], minlength=1).max())
    if len(labels) >= LEAST_POPULATION and 2 * most > len(labels):
        raise LakeError(
            f"the null makes no sense: {most} of {len(labels)} accounts fall into one cluster",
            expected="strangers in the majority",
            remedy="look at the degrees in account_key_days: some values may be standing in for missing ones",
        )


def _seed_labels(scored: Scored, seeds: Bools, accounts: int, group: int) -> Ints:
    left, right = scored.left[seeds], scored.right[seeds]
    # A bridge stands where another is to be expected in no more than one of twenty populations, and two kinds of
    # evidence speak for it.
    firm = (scored.expected[seeds] <= SEED_SHARE) & (corroboration(scored.weights[seeds]) >= SUPPORT)
    keep = cut_bridges(left, right, accounts, firm, group)
    return drop_small(components(left[keep], right[keep], accounts))
