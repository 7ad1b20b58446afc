"""Whether a change of a cluster may be due to retention alone: then it is told quietly, and as what it is."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from pipeline.alerts import current
from pipeline.alerts.changes import MATERIAL
from pipeline.alerts.findings import Change, Finding, News
from pipeline.contract.tables import ClusterLineage, ExtractionLedger, Run
from pipeline.lake import Lake

# A change by which somebody loses an accusation, or less of it is shown.
LESSENING: Mapping[Change, Change] = {
    "shrank": "aged", "revised": "aged", "verdict_changed": "aged", "retired": "aged_out",
}  # fmt: skip


def told_by_age(
    lake: Lake, runs: list[Run], lineage: list[ClusterLineage], items: list[News], cuts: Mapping[str, datetime]
) -> list[News]:
    """`items`, those named anew that rest on materially less than what was told since retention took the rest.

    `cuts` says of each table before when its rows have left. New requests make up for old ones: a cluster that is as
    active as ever changes for other reasons. Nothing makes up for sign-ups, payments and actions.
    """
    return [_named(lake, runs, lineage, item, cuts) for item in items]


def _named(
    lake: Lake, runs: list[Run], lineage: list[ClusterLineage], item: News, cuts: Mapping[str, datetime]
) -> News:
    told = item.told
    if told is None or item.change not in LESSENING:
        return item
    cut = {
        table
        for table in ("signup", "payment", "usage", "action")
        if told.first_seen < cuts.get(table, told.first_seen)
    }
    if not cut:
        return item
    if cut == {"usage"}:
        left = item.cluster.requests if item.cluster else _requests_left(lake, runs, lineage, told, cuts["usage"])
        if left >= (1 - MATERIAL) * told.requests:
            return item
    return msgspec.structs.replace(item, change=LESSENING[item.change])


def _requests_left(lake: Lake, runs: list[Run], lineage: list[ClusterLineage], told: Finding, cut: datetime) -> int:
    """Requests from `cut` on of a cluster that has ended, in the last run that showed it; 0 if that run has left."""
    ended = [row.run_id for row in lineage if row.cluster_uid == told.cluster_uid and row.event == "retired"]
    by_id = {run.run_id: run for run in runs}
    before = by_id.get(by_id[ended[-1]].previous_run_id or "") if ended else None
    if before is None:
        return 0
    days = current.read(lake, before, "extraction_ledger", ExtractionLedger)
    return sum(d.requests for d in days if d.cluster_uid == told.cluster_uid and d.day >= cut.date())
