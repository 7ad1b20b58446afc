"""Deliveries of alerts that nothing needs any more: without one that is needed a hook would be told again."""

from collections.abc import Iterable
from datetime import datetime

from pipeline.alerts.findings import CLOSING
from pipeline.alerts.outbox import all_deliveries, envelope
from pipeline.contract.tables import Alert
from pipeline.lake import Lake


def settled_alerts(lake: Lake, before: datetime) -> tuple[set[str], int]:
    """Ids of the deliveries that came to their end before an instant and may leave; how many as old must stay.

    What a hook was told last of a cluster stays until the cluster ends, and so does what is owed or says that a hook
    wants no more. A cluster's name is not given again a week after its end, so that its last alert may leave too.
    """
    deliveries = all_deliveries(lake)
    old = [alert for alert in deliveries if alert.at < before]
    needed = _last_words(deliveries)
    gone = {
        alert.alert_uid for alert in old if alert.state in ("delivered", "failed") and alert.alert_uid not in needed
    }
    return gone, len(old) - len(gone)


def _last_words(deliveries: Iterable[Alert]) -> set[str]:
    """Ids of what each hook was told last of each cluster that has not ended; `deliveries`: newest first."""
    last: dict[tuple[str, str], tuple[str, str]] = {}
    for alert in deliveries:
        change = envelope(alert).data.change
        if change != "touched":
            last.setdefault((alert.hook, alert.cluster_uid), (alert.alert_uid, change))
    return {uid for uid, change in last.values() if change not in CLOSING}
