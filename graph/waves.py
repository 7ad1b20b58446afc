"""Finds clusters in waves, from plain to faint: each starts from seeds among the accounts that have none of three yet.

After each wave the null is taken anew with every cluster found as one stranger (Efron 2004, "Large-scale simultaneous
hypothesis testing: the choice of a null hypothesis": strangers are what remains when what is found is taken out). So
what a careless operator does a thousand times does not make the same look common in a careful one, and faint seeds
cannot fuse what plain ones tell apart.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import duckdb
import numpy as np

from graph.candidates import Membership, place_members
from graph.cohorts import within_cohorts
from graph.components import GROUP
from graph.fusing import fuse
from graph.links import Agreements, Scored, read_agreements, score_pairs
from graph.membership import drop_small, grow, settle
from graph.null import Bools, Floats, Ints
from graph.seeds import (
    Seeds,
    by_one_hand,
    confirmed,
    every,
    faint,
    held_by_one_hand,
    labelled,
    none,
    plain,
    seed_labels,
    tied,
)
from pipeline.errors import LakeError

# Among faint seeds no single one may join as many as two accounts to others: their keys must bear it out.
PAIR = 2
# Operators may be a third of all accounts, and many; one cluster is not half of them. Of fewer accounts it may be: a
# provider's first customers are one company.
LEAST_POPULATION = 200


@dataclass(frozen=True)
class Given:
    """What is known of each account before anything is found.

    `operators`: its confirmed operator, or -1; `labelled`: whether a reviewer called it an operator's; `organisations`:
    the attested organisation that it is of, or -1; `conduct`: what its own conduct adds to its corroboration, in nats.
    """

    operators: Ints
    labelled: Bools
    organisations: Ints
    conduct: Floats


@dataclass(frozen=True)
class Clusters:
    """What was found: every account's cluster, or -1, and the candidates for them.

    `agreements` is what pairs agree in, `sown[i]` whether pair i was a seed, `tied[a]` whether account a is held by
    seeds of one hand, or of a cohort, in more than one way.
    """

    labels: Ints
    found: Membership
    agreements: Agreements
    sown: Bools
    tied: Bools


class Wave(NamedTuple):
    """Which pairs a wave starts from, how many accounts no single one may join to as many, and which can tie."""

    seeds: Seeds
    group: int = GROUP
    ties: Callable[[Scored], Bools] = none


def find_clusters(con: duckdb.DuckDBPyConnection, given: Given, tell: Callable[[str], None]) -> Clusters:
    """Find the clusters of all accounts."""
    agreements = read_agreements(con)
    labels = np.full(len(given.conduct), -1, dtype=np.int64)
    scored = weigh(con, agreements, labels, given.organisations)
    sown = np.zeros(len(scored.left), dtype=np.bool_)
    held = np.zeros(len(labels), dtype=np.bool_)
    for wave in _waves(con, given):
        loose = drop_small(labels, GROUP) < 0
        seeds, line = wave.seeds(scored, loose[scored.left] & loose[scored.right])
        tell(line)
        if not seeds.any():
            continue
        sown |= seeds
        held |= tied(scored, seeds & wave.ties(scored), len(labels))
        fresh = seed_labels(scored, seeds, len(labels), wave.group)
        labels = grow(con, np.where(fresh >= 0, fresh + labels.max(initial=-1) + 1, labels), held)
        scored = weigh(con, agreements, labels, given.organisations)
        fused = fuse(scored, labels)
        if not np.array_equal(fused, labels):
            labels = fused
            scored = weigh(con, agreements, labels, given.organisations)
    labels, found = settle(con, labels, given.conduct, held)
    check_majority(labels)
    return Clusters(labels, found, agreements, sown, held)


def _waves(con: duckdb.DuckDBPyConnection, given: Given) -> list[Wave]:
    waves = [
        Wave(plain),
        Wave(held_by_one_hand, PAIR, by_one_hand),
        Wave(partial(within_cohorts, con), GROUP, every),
        Wave(faint, PAIR),
    ]
    if given.labelled.any():
        waves.insert(1, Wave(partial(labelled, given.labelled)))
    if given.operators.max(initial=-1) >= 0:
        waves.insert(0, Wave(partial(confirmed, given.operators)))
    return waves


def weigh(con: duckdb.DuckDBPyConnection, agreements: Agreements, labels: Ints, organisations: Ints) -> Scored:
    """Weigh pairs against the null of strangers; the clusters of `labels` are the members afterwards.

    Each cluster is one stranger, and so is each attested organisation outside of them: nothing is learnt from what its
    people share.
    """
    kin = np.where((labels < 0) & (organisations >= 0), organisations + labels.max(initial=-1) + 1, labels)
    place_members(con, kin)
    scored = score_pairs(con, agreements, kin)
    place_members(con, labels)
    return scored


def check_majority(labels: Ints) -> None:
    """Raise LakeError if most accounts are in one cluster: then there are no strangers to measure anything against."""
    most = int(np.bincount(labels[labels >= 0], minlength=1).max())
    if len(labels) >= LEAST_POPULATION and 2 * most > len(labels):
        raise LakeError(
            f"the null makes no sense: {most} of {len(labels)} accounts fall into one cluster",
            expected="strangers in the majority",
            remedy="look at the degrees in account_key_days: some values may be standing in for missing ones",
        )
