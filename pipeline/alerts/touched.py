"""From fresh matches to the outbox: at once, and then grouped, so that a flood is a few alerts and not thousands."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from pipeline.alerts.findings import (
    MOST_TOUCHES,
    Finding,
    News,
    alert_uid,
    body,
    delivery,
    open_finding,
    percent,
)
from pipeline.alerts.outbox import Outbox, envelope, is_due
from pipeline.alerts.touches import Crowd, Fresh
from pipeline.contract.tables import Alert, Cluster
from pipeline.settings import Hook

# Two alerts about one operator that is touched are so far apart: what comes in between is one alert.
GAP = timedelta(seconds=1)
# So many a hook gets at once, about one operator and about all of them, in so long a time; then what comes is gathered
# for as long again. Ten thousand touches in a minute are then 20 alerts and, while it lasts, six an hour.
QUIET = timedelta(minutes=10)
MOST_OF_ONE, MOST_OF_ALL = 20, 60


def queue_touches(hook: Hook, outbox: Outbox, clusters: Iterable[Cluster], fresh: Fresh, now: datetime) -> int:
    """Queue what is `fresh` about the `clusters` that the hook may hear of; how many alerts that made.

    Where all of it would only make waiting alerts longer, it is left unread until one of them is due.
    """
    before = outbox.touched()
    known = {cluster.cluster_uid: cluster for cluster in clusters}
    waiting = {uid: alerts[-1] for uid, alerts in before.items() if _may_still_grow(alerts[-1], now)}
    wanted = [uid for uid in fresh.crowds if uid in known]
    if wanted and all(uid in waiting for uid in wanted):
        return 0
    told, made = outbox.told(), [_longer(waiting[uid], fresh.crowds[uid], now) for uid in wanted if uid in waiting]
    lately = sum(_lately(alerts, now) for alerts in before.values())
    for uid in (uid for uid in wanted if uid not in waiting):
        past = before.get(uid, [])
        newest = fresh.crowds[uid].newest[0]  # an account is fresh once, so that no two deliveries have one id
        after = f"touched\0{newest.account_id}\0{newest.event_id}"
        delivery_id = alert_uid(hook.name, uid, known[uid].revision, after)
        finding = _finding(delivery_id, known[uid], told.get(uid), fresh.crowds[uid], now)
        gap = QUIET if _lately(past, now) >= MOST_OF_ONE else GAP
        due_at = max(now, _queued_at(past[-1]) + gap) if past else now
        made.append(delivery(hook.name, finding, now, max(due_at, now + QUIET * (lately // MOST_OF_ALL))))
        lately += 1
    outbox.record(made, ends=fresh.ends)
    return len(made)


def _may_still_grow(alert: Alert, now: datetime) -> bool:
    """Whether nobody can have tried it: what a receiver may have seen never says something else the next time."""
    return alert.state == "pending" and alert.attempts == 0 and not is_due(alert.due_at, now)


def _lately(alerts: list[Alert], now: datetime) -> int:
    return sum(_queued_at(alert) > now - QUIET for alert in alerts)


def _queued_at(alert: Alert) -> datetime:
    return envelope(alert).timestamp


def _finding(uid: str, cluster: Cluster, told: Finding | None, crowd: Crowd, now: datetime) -> Finding:
    plain = open_finding(uid, News("touched", cluster, told, []), [], now)
    return with_crowd(plain, crowd)


def with_crowd(finding: Finding, crowd: Crowd) -> Finding:
    """`finding` saying who touched the operator."""
    newest = crowd.newest[:MOST_TOUCHES]
    who = f"{crowd.accounts:,} account" + ("" if crowd.accounts == 1 else "s")
    kinds = ", ".join(sorted({kind for touch in newest for kind in touch.kinds}))
    operator = f"{finding.verdict.replace('_', ' ')}, {finding.accounts:,} accounts"
    summary = f"known operator touched by {who} ({kinds}): {operator}, confidence {percent(finding.confidence)} %"
    next_query = f"hydratrace query live_matches --param cluster={finding.cluster_uid}"
    return msgspec.structs.replace(
        finding, summary=summary, touched_by=crowd.accounts, touches=newest, next_query=next_query
    )


def _longer(alert: Alert, crowd: Crowd, now: datetime) -> Alert:
    """The waiting alert with who came since; it keeps its id and its place."""
    wrapped = envelope(alert)
    finding = wrapped.data
    longer = with_crowd(finding, Crowd(finding.touched_by + crowd.accounts, [*crowd.newest, *finding.touches]))
    return msgspec.structs.replace(alert, at=now, body=body(longer, wrapped.timestamp))
