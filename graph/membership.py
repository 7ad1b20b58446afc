"""Who belongs to a cluster: accounts whose keys come from the cluster's vocabulary, their own part left out."""

import duckdb
import numpy as np

from graph.candidates import Membership, candidates, supported
from graph.components import join
from graph.links import SUPPORT
from graph.null import MICRO, Bools, Floats, Ints, Smalls

ROUNDS = 3


def grow(con: duckdb.DuckDBPyConnection, labels: Ints, tied: Bools) -> Ints:
    """Move accounts to the clusters that they belong to and merge clusters that are one, until it rests.

    Who is `tied` to others of his cluster stays where no other admits him: an operator's accounts in several pieces
    take each other for strangers until the pieces meet.
    """
    for _ in range(ROUNDS):
        found = candidates(con, labels)
        merged = _merge(labels, found)
        if not np.array_equal(merged, labels):
            labels = merged
            found = candidates(con, labels)
        settled = _assign(found, len(labels))
        settled = drop_small(np.where((settled < 0) & tied, labels, settled))
        if np.array_equal(settled, labels):
            break
        labels = settled
    return labels


def settle(con: duckdb.DuckDBPyConnection, labels: Ints, conduct: Floats, tied: Bools) -> tuple[Ints, Membership]:
    """Leave in clusters only who belongs; returns every account's cluster, or -1, and the candidates for them.

    `conduct[a]`: what account a's own conduct adds to its corroboration, in nats; `tied[a]`: whether it is held by
    seeds of one hand, or of a cohort, in more than one way.
    """
    labels, found = _prune(con, labels, tied)
    kept = np.where(tied, labels, _corroborated(labels, found, conduct))
    return (labels, found) if np.array_equal(kept, labels) else _prune(con, drop_small(kept), tied)


def members_of(labels: Ints, found: Membership) -> dict[int, Ints]:
    """Places in `found` of each cluster's own members, in order of their accounts."""
    home = np.flatnonzero(labels[found.a] == found.c)
    home = home[np.argsort(found.c[home], kind="stable")]
    clusters, first = np.unique(found.c[home], return_index=True)
    return dict(zip(clusters.tolist(), np.split(home, first[1:]), strict=True)) if len(home) else {}


def corroboration(weights: Ints | Smalls) -> Ints:
    """What remains of each row of family weights without its strongest kind, in micro-nats."""
    return np.asarray(weights.sum(axis=1) - weights.max(axis=1), dtype=np.int64)


def _corroborated(labels: Ints, found: Membership, conduct: Floats) -> Ints:
    """Clusters that stand on two kinds of evidence keep only members who do; those that stand on one stay as they are.

    Else a cluster with a case would drag in whoever merely uses the same prompts. In such a cluster a member's own
    conduct corroborates too.
    """
    home = labels[found.a] == found.c
    a, c, linked = found.a[home], found.c[home], corroboration(found.weights[home])
    count = int(c.max(initial=0)) + 1
    standing = 2 * np.bincount(c[linked >= SUPPORT], minlength=count) > np.bincount(c, minlength=count)
    backed = linked + np.floor(conduct[a] * MICRO).astype(np.int64) >= SUPPORT
    kept = labels.copy()
    kept[a[standing[c] & ~backed]] = -1
    return kept


def _prune(con: duckdb.DuckDBPyConnection, labels: Ints, tied: Bools) -> tuple[Ints, Membership]:
    """Take out, until none is left, accounts that the others of their cluster would not admit.

    The tied were found among all pairs, so only what they bring about themselves must bear them out, and only beside
    all who are there at first: else one who falls takes the next with him, and the whole cluster in the end.
    """
    found = candidates(con, labels)
    home = labels[found.a] == found.c
    firm = np.zeros(len(labels), dtype=np.bool_)
    firm[found.a[home & tied[found.a] & supported(found.weights)]] = True
    while True:
        stays = found.a[(labels[found.a] == found.c) & (found.admitted | firm[found.a])]
        pruned = drop_small(np.where(np.isin(np.arange(len(labels)), stays), labels, -1))
        if np.array_equal(pruned, labels):
            return labels, found
        labels = pruned
        found = candidates(con, labels)


def _assign(found: Membership, accounts: int) -> Ints:
    """Each account's strongest cluster that admits it, clusters of one dissolved; -1 for none."""
    labels = np.full(accounts, -1, dtype=np.int64)
    at = np.flatnonzero(found.admitted)
    order = at[np.lexsort((-found.c[at], found.weights[at].sum(axis=1)))]
    labels[found.a[order]] = found.c[order]
    return drop_small(labels)


def drop_small(labels: Ints, least: int = 2) -> Ints:
    """`labels` without clusters of fewer than `least` accounts."""
    sizes = np.bincount(labels[labels >= 0], minlength=1)
    small = np.flatnonzero(sizes < least)
    return np.where(np.isin(labels, small), -1, labels)


def _merge(labels: Ints, found: Membership) -> Ints:
    """Join clusters of which one would admit most of the other's members."""
    count = int(labels.max(initial=-1)) + 1
    if not count:
        return labels
    home = labels[found.a]
    at = found.admitted & (home >= 0) & (home != found.c)
    sizes = np.bincount(labels[labels >= 0], minlength=count)
    pair, admitted = np.unique(home[at] << 32 | found.c[at], return_counts=True)
    most = 2 * admitted > sizes[pair >> 32]
    return join(labels, pair[most] >> 32, pair[most] & 0xFFFFFFFF)
