"""What is new about the clusters of a run, compared with what one hook was told."""

from collections.abc import Collection, Iterable, Mapping

from pipeline.alerts.findings import CLOSING, Change, Finding, News
from pipeline.contract.tables import Cluster, ClusterLineage

# Growth by less than a fifth is no news, however many runs it took; a revision grows by the same measure, but from one
# run to the next, so that one alone would never tell of slow growth.
MATERIAL = 0.2


def news(
    clusters: Iterable[Cluster],
    lineage: Iterable[ClusterLineage],
    told: Mapping[str, Finding],
    verdicts: Collection[str],
) -> list[News]:
    """What to tell a hook that wants `verdicts` and was last told `told` (by cluster), surest first.

    `lineage` holds the rows of all runs since the last comparison, oldest first.
    """
    rows = list(lineage)
    found = {cluster.cluster_uid: cluster for cluster in clusters}
    opened = [_open(cluster, told.get(uid), rows, verdicts) for uid, cluster in found.items()]
    closed = [_closed(finding, rows) for uid, finding in told.items() if uid not in found]
    made = [item for item in (*opened, *closed) if item]
    return sorted(made, key=_order)


def _order(item: News) -> tuple[float, str]:
    if item.cluster:
        return (-item.cluster.confidence, item.cluster.cluster_uid)
    assert item.told
    return (0.0, item.told.cluster_uid)


def _open(
    cluster: Cluster, told: Finding | None, lineage: list[ClusterLineage], verdicts: Collection[str]
) -> News | None:
    wanted = cluster.verdict in verdicts
    absorbed = [
        row.cluster_uid for row in lineage if row.event == "merged_into" and row.other_uid == cluster.cluster_uid
    ]
    if told is None:
        return News("born", cluster, None, absorbed) if wanted else None
    if told.change in CLOSING:
        return News("reopened", cluster, told, absorbed) if wanted else None
    if not differs(cluster, told) or not (wanted or told.verdict in verdicts):
        return None
    return News(_change(cluster, told, absorbed), cluster, told, absorbed)


def differs(cluster: Cluster, known: Finding | Cluster) -> bool:
    """Whether `cluster` is materially another than what is `known` of it."""
    grown = abs(cluster.accounts - known.accounts) > MATERIAL * known.accounts
    return cluster.revision > known.revision or cluster.verdict != known.verdict or grown


def _change(cluster: Cluster, told: Finding, absorbed: list[str]) -> Change:
    if cluster.verdict != told.verdict:
        return "verdict_changed"
    if absorbed:
        return "absorbed"
    if cluster.accounts > told.accounts:
        return "grew"
    return "shrank" if cluster.accounts < told.accounts else "revised"


def _closed(told: Finding, lineage: list[ClusterLineage]) -> News | None:
    """The end of a cluster is what lineage says it is: one that a run merely does not show may yet come back."""
    if told.change in CLOSING:
        return None
    for row in reversed(lineage):
        if row.cluster_uid == told.cluster_uid and row.event == "merged_into":
            return News("merged_into", None, told, [row.other_uid] if row.other_uid else [])
        if row.cluster_uid == told.cluster_uid and row.event == "retired":
            return News("retired", None, told, [])
    return None
