"""Splink on the keys of a lake: pairs, scores and clusters; prints them with seconds and CPU seconds as JSON.

Usage: python -m tests.bench.splinked LAKE
"""

import json
import sys
import time

import duckdb

from queries.evaluation.splinked import cluster_records, records_sql
from tests.bench.ownkeys import keys_sql


def main() -> None:
    """Read the keys, cluster, print."""
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE records AS {records_sql(keys_sql(sys.argv[1]))}")
        wall, cpu = time.perf_counter(), time.process_time()
        accounts, clusters = cluster_records(con).aggregate("count(*), count(DISTINCT cluster_id)").fetchall()[0]
        spent = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps([f"{accounts} accounts in {clusters} clusters", *spent]))


if __name__ == "__main__":
    main()
