"""An investigator's word on a cluster: appended to `decisions`, never edited or deleted."""

import difflib
from datetime import UTC, datetime
from enum import StrEnum

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import write_deltalake
from deltalake.exceptions import DeltaError
from msgspec.structs import asdict

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME, Decision
from pipeline.errors import LakeError, UsageError
from pipeline.lake import Lake
from queries.casefile.runs import current_run, verified

LONGEST_REASON = 4000


class Disposition(StrEnum):
    """Verdict words of OCSF 1.8, Detection Finding (`verdict_id` 1, 2, 4, 5, 7 and 10)."""

    FALSE_POSITIVE = "false_positive"
    TRUE_POSITIVE = "true_positive"
    SUSPICIOUS = "suspicious"
    BENIGN = "benign"
    INSUFFICIENT_DATA = "insufficient_data"
    DUPLICATE = "duplicate"


def decide(lake: Lake, cluster_uid: str, disposition: Disposition, reason: str, decided_by: str) -> Decision:
    """Append a decision on a cluster of the current run.

    Raises UsageError if there is no such cluster or no reason is given, LakeError if the lake refuses.
    """
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise UsageError("no reason given", expected=f"--reason with 1 to {LONGEST_REASON} characters")
    _check_known(lake, cluster_uid)
    decision = Decision(
        cluster_uid=cluster_uid,
        disposition=str(disposition),
        reason=reason,
        decided_by=decided_by,
        decided_at=datetime.now(UTC),
    )
    row = pa.Table.from_pylist([asdict(decision)], schema=arrow_schema(BY_NAME["decisions"]))
    try:
        write_deltalake(lake.table("decisions"), row, mode="append")
    except (DeltaError, OSError) as error:
        raise LakeError(f"cannot write the decision in {lake.root}: {error}") from None
    return decision


def _check_known(lake: Lake, cluster_uid: str) -> None:
    path = verified(lake, current_run(lake)).paths["clusters"]
    known = pq.read_table(path, columns=["cluster_uid"]).column("cluster_uid").to_pylist()
    if cluster_uid in known:
        return
    near = difflib.get_close_matches(cluster_uid, known, 1)
    raise UsageError(
        f"no cluster {cluster_uid!r} in the current run",
        expected=f"a cluster_uid such as {near[0]}" if near else "",
        remedy="`hydratrace query clusters_ranked` lists them",
    )
