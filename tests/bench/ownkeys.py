"""Splink's task done by graph: pairs, scores and clusters of the same keys; prints them with seconds as JSON.

Usage: python -m tests.bench.ownkeys LAKE
"""

import json
import sys
import time
from pathlib import Path

import duckdb
import numpy as np

from graph.candidates import place_members
from graph.components import components
from graph.keys.held import accounts_of, make_held
from graph.links import read_agreements, score_pairs
from graph.pairs import make_pairs
from graph.signals.signal import Family
from graph.snapshot import pin, view_events
from graph.waves import plain
from pipeline.lake import Lake
from queries.evaluation.splinked import KINDS


def keys_sql(lake: str) -> str:
    """SQL of the keys that Splink compares, in the lake's account_key_days."""
    kinds = ", ".join(f"'{kind}'" for kind in KINDS)
    return f"SELECT * FROM ({Lake.open(Path(lake)).select('account_key_days')}) WHERE kind IN ({kinds})"


def main() -> None:
    """Read the keys, link, print."""
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE keys AS {keys_sql(sys.argv[1])}")
        wall, cpu = time.perf_counter(), time.process_time()
        pin(con, {})
        view_events(con, Lake.open(Path(sys.argv[1])))
        make_held(con, "FROM keys", Family.PHRASE)
        accounts = accounts_of(con)
        make_pairs(con)
        nobody = np.full(accounts, -1, dtype=np.int64)
        place_members(con, nobody)
        scored = score_pairs(con, read_agreements(con), nobody)
        seeds, _ = plain(scored, np.ones(len(scored.left), dtype=np.bool_))
        labels = components(scored.left[seeds], scored.right[seeds], accounts)
        spent = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps([f"{accounts} accounts in {len(np.unique(labels))} clusters", *spent]))


if __name__ == "__main__":
    main()
