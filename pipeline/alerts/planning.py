"""From the lake to the outbox: what a hook has not been told yet."""

from datetime import datetime

from pipeline.alerts import current
from pipeline.alerts.ageing import LESSENING, told_by_age
from pipeline.alerts.changes import differs, news
from pipeline.alerts.findings import News, alert_uid, closing_finding, delivery, open_finding
from pipeline.alerts.outbox import Outbox
from pipeline.contract.tables import Alert, Cluster, ClusterLineage, ClusterMember, Run
from pipeline.decisions import CLEARED, last_words
from pipeline.lake import Lake
from pipeline.retentions import cuts
from pipeline.runs import present_runs
from pipeline.settings import Hook


def queue_news(lake: Lake, hook: Hook, outbox: Outbox, now: datetime) -> int:
    """Compare the current run with what the hook was told, queue the difference, and say how much that was.

    The caller holds the hook's claim, so the run read here is never older than the one last compared.
    """
    runs = present_runs(lake)
    if not runs:
        return 0
    run, compared = runs[-1], outbox.compared
    clusters = current.read(lake, run, "clusters", Cluster)
    since = [past for past in runs if past.started_at > compared] if outbox.deliveries else [run]
    lineage = [row for past in since for row in current.read(lake, past, "cluster_lineage", ClusterLineage)]
    items = news(clusters, lineage, outbox.told(), hook.verdicts)
    if any(item.change in LESSENING for item in items):
        items = told_by_age(lake, runs, lineage, items, cuts(lake))
    cleared = _cleared(lake, runs, {item.cluster.cluster_uid for item in items if item.cluster})
    kept = [item for item in items if not item.cluster or not _is_cleared(item.cluster, cleared)]
    alerts = _alerts(lake, run, hook, kept, now)
    if alerts or run.started_at > compared:
        outbox.record(alerts, compared=run.started_at)
    return len(alerts)


def wanted_clusters(lake: Lake, hook: Hook) -> list[Cluster]:
    """Clusters of the current run whose verdict the hook hears of."""
    runs = present_runs(lake)
    clusters = current.read(lake, runs[-1], "clusters", Cluster) if runs else []
    return [cluster for cluster in clusters if cluster.verdict in hook.verdicts]


def _alerts(lake: Lake, run: Run, hook: Hook, items: list[News], now: datetime) -> list[Alert]:
    members: dict[str, list[ClusterMember]] = {}
    if any(item.cluster for item in items):
        for member in current.read(lake, run, "cluster_members", ClusterMember):
            members.setdefault(member.cluster_uid, []).append(member)
    return [_alert(run, hook, item, members.get(_uid(item), []), now) for item in items]


def _alert(run: Run, hook: Hook, item: News, members: list[ClusterMember], now: datetime) -> Alert:
    told = item.told
    if item.cluster:
        same = told is not None and (item.change == "reopened" or told.revision >= item.cluster.revision)
        after = told.alert_uid if told and same else ""
        uid = alert_uid(hook.name, item.cluster.cluster_uid, item.cluster.revision, after)
        finding = open_finding(uid, item, members, now)
    else:
        assert told
        uid = alert_uid(hook.name, told.cluster_uid, told.revision, told.alert_uid)
        finding = closing_finding(uid, item, run.run_id)
    return delivery(hook.name, finding, now, now)


def _is_cleared(cluster: Cluster, cleared: dict[str, Cluster]) -> bool:
    known = cleared.get(cluster.cluster_uid)
    return known is not None and not differs(cluster, known)


def _cleared(lake: Lake, runs: list[Run], clusters: set[str]) -> dict[str, Cluster]:
    """Clusters as they were when an investigator's last word cleared them."""
    words = last_words(lake)
    cleared: dict[str, Cluster] = {}
    for uid in sorted(clusters & words.keys()):
        run = current.run_at(runs, words[uid].decided_at)
        if run and words[uid].disposition in CLEARED:
            shown = current.read(lake, run, "clusters", Cluster)
            cleared |= {cluster.cluster_uid: cluster for cluster in shown if cluster.cluster_uid == uid}
    return cleared


def _uid(item: News) -> str:
    if item.cluster:
        return item.cluster.cluster_uid
    assert item.told
    return item.told.cluster_uid
