"""`clusters`, `cluster_members`, `member_evidence`, `cluster_lineage` and `extraction_ledger`."""

from math import exp

import duckdb
import pyarrow as pa

from graph.candidates import Membership, log_chance
from graph.components import articulation
from graph.lineage import Named
from graph.links import FAMILIES, together
from graph.null import Ints
from graph.signals.signal import Family
from graph.verdict.facts import Facts
from graph.verdict.judge import Verdict
from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME

MEMBERS = """
    SELECT $run_id AS run_id, cluster_uid, account_id, confidence, joined_at, is_bridge FROM (
        SELECT m.c, m.a, min(h.first_seen) AS joined_at FROM member m JOIN held h USING (a)
        JOIN vocabulary v ON v.c = m.c AND v.k = h.k GROUP BY m.c, m.a)
    JOIN standing USING (a) JOIN named USING (c) JOIN account USING (a)
    ORDER BY cluster_uid, account_id"""

EVIDENCE = """
    SELECT $run_id AS run_id, cluster_uid, account_id, family AS signal, weight, explanation
    FROM supporting JOIN named USING (c) JOIN account USING (a)
    ORDER BY cluster_uid, account_id, weight DESC, signal"""

LEDGER = """
    SELECT $run_id AS run_id, cluster_uid, event_date AS day, coalesce(task, '') AS task, model, count(*) AS requests,
           coalesce(sum(input_tokens), 0)::BIGINT AS input_tokens,
           coalesce(sum(output_tokens), 0)::BIGINT AS output_tokens,
           count(*) FILTER (stop_reason = 'refusal') AS refusals
    FROM done JOIN named USING (c)
    WHERE src = 'usage' GROUP BY cluster_uid, day, task, model ORDER BY cluster_uid, day, task, model"""


def clusters(
    run_id: str, facts: list[Facts], verdicts: list[Verdict], fragility: list[list[str]], named: Named
) -> pa.Table:
    """Rows of `clusters`."""
    rows = [
        {
            "run_id": run_id,
            "cluster_uid": uid,
            "revision": revision,
            "verdict": v.verdict,
            "confidence": v.confidence,
            "accounts": f.accounts,
            "first_seen": f.first_seen,
            "last_seen": f.last_seen,
            "requests": f.requests,
            "input_tokens": f.input_tokens,
            "output_tokens": f.output_tokens,
            "reasons": v.reasons,
            "counter_evidence": v.counter_evidence,
            "fragility": fragile,
        }
        for f, v, fragile, uid, revision in zip(facts, verdicts, fragility, named.uids, named.revisions, strict=True)
    ]
    rows.sort(key=lambda row: str(row["cluster_uid"]))
    return pa.Table.from_pylist(rows, schema=arrow_schema(BY_NAME["clusters"]))


def place_names(con: duckdb.DuckDBPyConnection, facts: list[Facts], named: Named) -> None:
    """Make the table `named` (c, cluster_uid)."""
    rows = pa.table({"c": pa.array([f.c for f in facts], pa.int64()), "cluster_uid": pa.array(named.uids, pa.string())})
    _place(con, "named", rows)


def cluster_members(
    con: duckdb.DuckDBPyConnection, run_id: str, labels: Ints, found: Membership, linked: tuple[Ints, Ints]
) -> pa.Table:
    """Rows of `cluster_members`; confidence is 1 less the chance that an outsider agrees as much.

    `linked`: the accounts of each link, left and right.
    """
    home = labels[found.a] == found.c
    left, right = linked
    inside = together(labels, left, right)
    bridges = articulation(left[inside], right[inside], len(labels))
    a = found.a[home].tolist()
    chances = log_chance(found.weights[home])
    rows = {
        "a": pa.array(a, pa.int64()),
        "confidence": pa.array([round(1.0 - exp(min(0.0, chance)), 6) for chance in chances.tolist()], pa.float64()),
        "is_bridge": pa.array([account in bridges for account in a], pa.bool_()),
    }
    _place(con, "standing", pa.table(rows))
    return con.sql(MEMBERS, params={"run_id": run_id}).to_arrow_table()


def member_evidence(con: duckdb.DuckDBPyConnection, run_id: str, labels: Ints, found: Membership) -> pa.Table:
    """Rows of `member_evidence`: what each family adds for each member."""
    home = labels[found.a] == found.c
    a, c, weights = found.a[home], found.c[home], found.weights[home]
    at, family = weights.nonzero()
    rows = {
        "a": a[at],
        "c": c[at],
        "family": [FAMILIES[f] for f in family],
        "weight": weights[at, family],
        "explanation": [f"shares {Family(FAMILIES[f])} keys of the cluster that outsiders rarely have" for f in family],
    }
    _place(con, "supporting", pa.table(rows))
    return con.sql(EVIDENCE, params={"run_id": run_id}).to_arrow_table()


def cluster_lineage(run_id: str, named: Named) -> pa.Table:
    """Rows of `cluster_lineage`."""
    rows = [{"run_id": run_id, "cluster_uid": e.uid, "event": e.event, "other_uid": e.other} for e in named.events]
    return pa.Table.from_pylist(rows, schema=arrow_schema(BY_NAME["cluster_lineage"]))


def extraction_ledger(con: duckdb.DuckDBPyConnection, run_id: str) -> pa.Table:
    """Rows of `extraction_ledger`."""
    return con.sql(LEDGER, params={"run_id": run_id}).to_arrow_table()


def _place(con: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    con.register("placed_rows", rows)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM placed_rows")
    con.unregister("placed_rows")
