"""Link runs with watched keys, written as the graph floor writes them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import pyarrow.parquet as pq
from deltalake import write_deltalake

from pipeline.lake import Lake
from tests.pipeline.filled import START, filled

FAMILIES = {"card": "payment", "billing": "payment", "device": "device", "conversation": "prompt", "client": "client"}
CIRCUMSTANCES = {
    "ip": "network",
    "ip_prefix": "network",
    "email": "mail",
    "email_local": "mail",
    "email_domain": "mail",
}

Key = tuple[str, str, str]  # cluster_uid, kind, key


def key_row(cluster: str, kind: str, key: str, account: str = "member") -> dict[str, object]:
    """A row of `watched_keys`."""
    family = FAMILIES.get(kind) or CIRCUMSTANCES[kind]
    circumstantial = kind in CIRCUMSTANCES or kind == "client"
    row = {"cluster_uid": cluster, "account_id": account, "kind": kind, "key": key, "family": family}
    return row | {"is_circumstantial": circumstantial, "accounts": 1, "weight": 4_000_000}


def write_run(
    lake: Lake,
    run_id: str,
    verdicts: Mapping[str, str],
    keys: Sequence[Key],
    members: Mapping[str, str] | None = None,
    **row: object,
) -> None:
    """Write a run: cluster → verdict, its watched keys, and account → cluster; `row` changes its `runs` row."""
    tables = {
        "clusters": [{"cluster_uid": uid, "verdict": verdict} for uid, verdict in verdicts.items()],
        "cluster_members": [{"cluster_uid": uid, "account_id": account} for account, uid in (members or {}).items()],
        "watched_keys": [key_row(*key) for key in keys],
    }
    listed = {}
    for name, rows in tables.items():
        path = lake.run_file(run_id, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(filled(name, rows, run_id=run_id), path)
        listed[path.name] = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "rows": len(rows)}
    made = {"run_id": run_id, "started_at": START, "positions": "{}", "files": json.dumps(listed)} | row
    write_deltalake(lake.table("runs"), filled("runs", [made]), mode="append")


def decide(lake: Lake, cluster: str, disposition: str, at: datetime = START) -> None:
    """Append an investigator's word."""
    row = {"cluster_uid": cluster, "disposition": disposition, "reason": "so it is", "decided_at": at}
    write_deltalake(lake.table("decisions"), filled("decisions", [row]), mode="append")
