"""Splink's task done by graph: pairs, scores and clusters of the same records; prints them with their cost as JSON.

Usage: python -m tests.bench.ownkeys records LAKE (write them) | LAKE
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np

from graph.candidates import place_members
from graph.components import components
from graph.keys.held import accounts_of, make_held
from graph.links import read_agreements, score_pairs
from graph.pairs import make_pairs
from graph.seeds import plain
from graph.signals.signal import Family
from graph.snapshot import pin, view_events
from pipeline.lake import Lake
from queries.evaluation.splinked import KINDS, records_sql
from tests.bench.linking import peak

# The records in the shape of `account_key_days`; they have lost their times.
KEYS = f"""
    SELECT unique_id AS account_id, kind, key, DATE '1970-01-01' AS event_date, 'none' AS first_event, 1 AS events,
           'epoch'::TIMESTAMPTZ AS first_seen, 'epoch'::TIMESTAMPTZ AS last_seen
    FROM (UNPIVOT records ON {", ".join(KINDS)} INTO NAME kind VALUE key)"""


def measure(task: Callable[[duckdb.DuckDBPyConnection, Lake], tuple[int, int]]) -> None:
    """Do `task` with the table `records` of a lake, print accounts and clusters, seconds, CPU seconds and peak MiB."""
    lake = Lake.open(Path(sys.argv[-1]))
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE records AS FROM '{_records(lake)}'")
        wall, cpu = time.perf_counter(), time.process_time()
        accounts, clusters = task(con, lake)
        spent = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps([f"{accounts} accounts in {clusters} clusters", *spent, peak()]))


def write_records(lake: Lake) -> None:
    """Write the records of the keys in a lake beside it: a process that makes them has held more than they take."""
    kinds = ", ".join(f"'{kind}'" for kind in KINDS)
    keys = f"SELECT * FROM ({lake.select('account_key_days')}) WHERE kind IN ({kinds})"
    with duckdb.connect() as con:
        con.execute(f"COPY ({records_sql(keys)} ORDER BY unique_id) TO '{_records(lake)}'")


def _records(lake: Lake) -> Path:
    return lake.root.with_suffix(".records.parquet")


def link_records(con: duckdb.DuckDBPyConnection, lake: Lake) -> tuple[int, int]:
    """How many accounts and clusters the records make, from plain seeds alone."""
    pin(con, {})
    view_events(con, lake)
    make_held(con, KEYS, Family.PHRASE)
    accounts = accounts_of(con)
    make_pairs(con)
    nobody = np.full(accounts, -1, dtype=np.int64)
    place_members(con, nobody)
    scored = score_pairs(con, read_agreements(con), nobody)
    seeds, _ = plain(scored, np.ones(len(scored.left), dtype=np.bool_))
    labels = components(scored.left[seeds], scored.right[seeds], accounts)
    return accounts, len(np.unique(labels))


if __name__ == "__main__":
    if sys.argv[1] == "records":
        write_records(Lake.open(Path(sys.argv[2])))
    else:
        measure(link_records)
