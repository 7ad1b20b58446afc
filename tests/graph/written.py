"""What a link run wrote, as tests look at it."""

from typing import Any

import pyarrow.parquet as pq

from pipeline.contract.tables import Run
from pipeline.lake import Lake


def told(line: str) -> None:
    """Progress that nobody reads."""


def table(lake: Lake, run: Run, name: str) -> list[dict[str, Any]]:
    return pq.read_table(lake.run_file(run.run_id, name)).to_pylist()


def groups(lake: Lake, run: Run) -> dict[frozenset[str], str]:
    """Members of each cluster → its verdict."""
    members: dict[str, set[str]] = {}
    for row in table(lake, run, "cluster_members"):
        members.setdefault(row["cluster_uid"], set()).add(row["account_id"])
    return {frozenset(members[c["cluster_uid"]]): c["verdict"] for c in table(lake, run, "clusters")}
