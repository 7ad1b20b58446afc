"""Splink on the keys of a lake, a record per account: prints its accounts and clusters with their cost as JSON.

Usage: python -m tests.bench.splinked LAKE
"""

import duckdb

from pipeline.lake import Lake
from queries.evaluation.splinked import cluster_records
from tests.bench.ownkeys import measure


def splink_records(con: duckdb.DuckDBPyConnection, _: Lake) -> tuple[int, int]:
    """How many accounts and clusters the records make."""
    accounts, clusters = cluster_records(con).aggregate("count(*), count(DISTINCT cluster_id)").fetchall()[0]
    return accounts, clusters


if __name__ == "__main__":
    measure(splink_records)
