"""What investigators decided: of all that was said of a cluster, the last word counts."""

from datetime import datetime

import msgspec
import pyarrow as pa
from deltalake import DeltaTable

from pipeline.contract.tables import Decision
from pipeline.lake import Lake

# Verdict words of OCSF 1.8, Detection Finding.
CONFIRMED = "true_positive"
CLEARED = frozenset({"false_positive", "benign"})


def last_words(lake: Lake, before: datetime | None = None) -> dict[str, Decision]:
    """Cluster → the last decision on it, of those made `before` an instant where one is given.

    Raises DeltaError or OSError if the lake cannot be read.
    """
    path = str(lake.path("decisions"))
    if not DeltaTable.is_deltatable(path):
        return {}
    rows = pa.table(DeltaTable(path).to_pyarrow_table()).sort_by("decided_at").to_pylist()
    decisions = [msgspec.convert(row, Decision) for row in rows]
    return {made.cluster_uid: made for made in decisions if before is None or made.decided_at < before}
