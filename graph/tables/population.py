"""`account_keys` and `stranger_null`: what the whole population shows."""

import duckdb
import numpy as np
import pyarrow as pa

from graph.chance import STEP, Chance
from graph.null import MICRO

# Of the slot values only those that some cluster owns: a prompt makes sixteen of them, most link nobody, and all are in
# account_key_days.
KEYS = """
    SELECT $run_id AS run_id, account_id, kind, key, first_seen, last_seen, events, accounts
    FROM showed JOIN degrees USING (kind, key)
    WHERE kind <> 'slot' OR key IN (SELECT s.key FROM vocabulary JOIN shared s USING (k) WHERE s.kind = 'slot')
    ORDER BY kind, key, account_id"""


def account_keys(con: duckdb.DuckDBPyConnection, run_id: str) -> pa.Table:
    """Rows of `account_keys`."""
    return con.sql(KEYS, params={"run_id": run_id}).to_arrow_table()


def stranger_null(chance: Chance, run_id: str) -> pa.Table:
    """Rows of `stranger_null`: each family's, and `all` for their sum, at every whole nat with any chance left."""
    families, weights, expected = [], [], []
    for family, pairs in [*sorted(chance.by_family.items()), ("all", chance.expected)]:
        nats = np.flatnonzero(pairs[::STEP] > 0)
        families += [family] * len(nats)
        weights += (nats * MICRO).tolist()
        expected += pairs[::STEP][nats].tolist()
    rows = {"run_id": [run_id] * len(families), "family": families, "weight": weights, "pairs_expected": expected}
    return pa.table(rows)
