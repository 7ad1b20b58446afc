"""Identity of clusters over runs: mutual best overlap with every cluster alive or gone for a few days."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import pyarrow.parquet as pq

from pipeline.contract.tables import Run
from pipeline.lake import Lake

# A cluster that flickers, a key that is popular for a day, is the same cluster when it is back within a week.
REMEMBERED = timedelta(days=7)
# Of the runs in that week the newest so many are read, and of those before them the last of each day: links that run
# every minute must not read ten thousand.
NEWEST_RUNS = 24
# A cluster has changed materially when its verdict has, or when more than a fifth of its members came or went.
MATERIAL = 0.2


@dataclass(frozen=True)
class Known:
    """A cluster as an earlier run last saw it."""

    uid: str
    members: frozenset[str]
    verdict: str
    revision: int
    alive: bool


@dataclass(frozen=True)
class Event:
    """A row of `cluster_lineage`, without its run."""

    uid: str
    event: str
    other: str | None = None


@dataclass(frozen=True)
class Named:
    """The clusters of a run under their lasting names; `revisions[i]` and `uids[i]` belong to cluster i."""

    uids: list[str]
    revisions: list[int]
    events: list[Event]


def remembered(lake: Lake, run: Run) -> list[Known]:
    """Clusters as last seen by the runs before `run` that are remembered, in order of their ids."""
    runs = {r.run_id: r for r in lake.runs()}
    known: dict[str, Known] = {}
    previous, day, read = run.previous_run_id, None, 0
    first = previous
    while previous in runs and run.started_at - runs[previous].started_at <= REMEMBERED:
        at = runs[previous]
        if read < NEWEST_RUNS or at.started_at.date() != day:
            day, read = at.started_at.date(), read + 1
            for cluster in _clusters(lake, at.run_id, alive=previous == first):
                known.setdefault(cluster.uid, cluster)
        previous = at.previous_run_id
    return sorted(known.values(), key=lambda cluster: cluster.uid)


def name_clusters(run_id: str, members: list[frozenset[str]], verdicts: list[str], known: list[Known]) -> Named:
    """Give each cluster the id of the known one with which it shares most members, where that is mutual; else a new."""
    kept = _mutual_best(members, known)
    uids, revisions, events = [], [], []
    for i, accounts in enumerate(members):
        if i in kept:
            old = known[kept[i]]
            uids.append(old.uid)
            revisions.append(old.revision + _material(old, accounts, verdicts[i]))
            events.extend(_growth(old, accounts))
        else:
            uids.append(_new_uid(run_id, accounts))
            revisions.append(1)
    by_known = {k: uids[i] for i, k in kept.items()}
    for i, accounts in enumerate(members):
        if i not in kept:
            parent = _holder(accounts, [(old.members, by_known.get(k)) for k, old in enumerate(known)])
            events.append(Event(uids[i], "split_from", parent) if parent else Event(uids[i], "born"))
    for k, old in enumerate(known):
        if k not in by_known and old.alive:
            heir = _holder(old.members, list(zip(members, uids, strict=True)))
            events.append(Event(old.uid, "merged_into", heir) if heir else Event(old.uid, "retired"))
    return Named(uids, revisions, sorted(events, key=lambda e: (e.uid, e.event, e.other or "")))


def _clusters(lake: Lake, run_id: str, *, alive: bool) -> list[Known]:
    members: dict[str, set[str]] = {}
    rows = pq.read_table(lake.run_file(run_id, "cluster_members"), columns=["cluster_uid", "account_id"])
    for row in rows.to_pylist():
        members.setdefault(row["cluster_uid"], set()).add(row["account_id"])
    columns = ["cluster_uid", "verdict", "revision"]
    return [
        Known(row["cluster_uid"], frozenset(members[row["cluster_uid"]]), row["verdict"], row["revision"], alive)
        for row in pq.read_table(lake.run_file(run_id, "clusters"), columns=columns).to_pylist()
    ]


def _mutual_best(members: list[frozenset[str]], known: list[Known]) -> dict[int, int]:
    """Cluster → place in `known` where each is the other's best overlap.

    Ties go to whose members are most alike, so that after a merger of one day each has its own id again; then to the
    living, then to the lesser id.
    """
    holders: dict[str, list[int]] = {}
    for k, old in enumerate(known):
        for account in old.members:
            holders.setdefault(account, []).append(k)
    overlap = Counter((i, k) for i, accounts in enumerate(members) for a in accounts for k in holders.get(a, ()))

    def rank(pair: tuple[int, int]) -> tuple[int, int, bool, str, int]:
        i, k = pair
        return -overlap[pair], len(members[i] | known[k].members), not known[k].alive, known[k].uid, i

    ranked = sorted(overlap, key=rank)
    best_of_cluster: dict[int, int] = {}
    best_of_known: dict[int, int] = {}
    for i, k in ranked:
        best_of_cluster.setdefault(i, k)
        best_of_known.setdefault(k, i)
    return {i: k for i, k in best_of_cluster.items() if best_of_known[k] == i}


def _holder(accounts: frozenset[str], others: list[tuple[frozenset[str], str | None]]) -> str | None:
    """Name of the group that holds most of `accounts`, if it has a name and holds more than half."""
    named = [(len(accounts & group), name) for group, name in others if name is not None]
    count, name = max(named, default=(0, None), key=lambda pair: (pair[0], pair[1] or ""))
    return name if 2 * count > len(accounts) else None


def _material(old: Known, accounts: frozenset[str], verdict: str) -> bool:
    changed = len(old.members ^ accounts)
    return verdict != old.verdict or changed > MATERIAL * len(old.members)


def _growth(old: Known, accounts: frozenset[str]) -> list[Event]:
    events = []
    if accounts - old.members:
        events.append(Event(old.uid, "grew"))
    if old.members - accounts:
        events.append(Event(old.uid, "shrank"))
    return events


def _new_uid(run_id: str, accounts: frozenset[str]) -> str:
    named = "\n".join([run_id, *sorted(accounts)])
    return "op_" + hashlib.sha256(named.encode()).hexdigest()[:16]
