"""Legal hold: what an open case needs stays, however old it is. docs/decisions has the argument."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow.parquet as pq

from pipeline.contract.tables import Run
from pipeline.decisions import CONFIRMED, last_words
from pipeline.errors import LakeError
from pipeline.lake import Lake

# A case is open while it is looked into, and after an accusation that may be appealed.
OPEN = frozenset({"suspicious", CONFIRMED})


@dataclass(frozen=True)
class Hold:
    """Account → cluster that it is held for, and the runs that the open decisions were made on."""

    accounts: dict[str, str]
    runs: frozenset[str]


def hold(lake: Lake, now: datetime, days: int | None) -> Hold:
    """What is held now; a decision older than `days`, where given, holds nothing any more.

    Held are the members that a cluster has, and those it had when the decision was made.
    Raises LakeError if a run's files cannot be read: then nothing may leave.
    """
    runs = lake.runs()
    accounts: dict[str, str] = {}
    kept: set[str] = set()
    for decision in last_words(lake).values():
        if decision.disposition not in OPEN:
            continue
        if days is not None and now - decision.decided_at > timedelta(days=days):
            continue
        basis = [run for run in runs if run.started_at <= decision.decided_at][-1:]
        kept.update(run.run_id for run in basis)
        # A look into the past (`--as-of`) may be the newest run and know fewer members than there are.
        present = [run for run in runs if run.as_of is None][-1:]
        for run in {run.run_id: run for run in (*basis, *present, *runs[-1:])}.values():
            accounts |= dict.fromkeys(_members(lake, run, decision.cluster_uid), decision.cluster_uid)
    return Hold(accounts, frozenset(kept))


def _members(lake: Lake, run: Run, cluster_uid: str) -> list[str]:
    path = lake.run_file(run.run_id, "cluster_members")
    try:
        rows = pq.read_table(path, columns=["account_id"], filters=[("cluster_uid", "=", cluster_uid)])
    except OSError as error:
        raise LakeError(f"cannot read {path}, so who is held is not known: {error}", remedy="restore it") from None
    members: list[str] = rows["account_id"].to_pylist()
    return members
