"""Whom a run may start from: operators that an investigator has confirmed, and accounts that a reviewer labelled."""

from datetime import datetime

import duckdb
import numpy as np
import pyarrow as pa

from graph.lineage import Known
from graph.null import Bools, Ints
from graph.verdict.judge import ADVERSE
from pipeline.decisions import CONFIRMED, last_words
from pipeline.lake import Lake

SCHEMA = pa.schema({"account_id": pa.string(), "place": pa.int64()})

# An account's last label counts: a reviewer may take back his word.
LABELLED = """
    SELECT coalesce(list_contains($adverse, arg_max(verdict, (event_time, event_id))), false) AS labelled
    FROM account LEFT JOIN (FROM events WHERE src = 'action' AND action = 'label') USING (account_id)
    GROUP BY a ORDER BY a"""


def confirmed_operators(con: duckdb.DuckDBPyConnection, lake: Lake, before: datetime, known: list[Known]) -> Ints:
    """Every account's confirmed operator, a place in `known`, or -1.

    Decided `before` the run; the accounts are the cluster's as `known` last saw them. Needs the table `account`.
    """
    uids = {uid for uid, word in last_words(lake, before).items() if word.disposition == CONFIRMED}
    places = [(account, place) for place, old in enumerate(known) if old.uid in uids for account in old.members]
    rows = pa.Table.from_pylist([{"account_id": account, "place": place} for account, place in places], schema=SCHEMA)
    con.register("confirmed_rows", rows)
    found = con.sql("""
        SELECT coalesce(max(place), -1)::BIGINT AS operator
        FROM account LEFT JOIN confirmed_rows USING (account_id) GROUP BY a ORDER BY a""").fetchnumpy()
    con.unregister("confirmed_rows")
    return np.asarray(found["operator"], dtype=np.int64)


def labelled_accounts(con: duckdb.DuckDBPyConnection) -> Bools:
    """Whether a reviewer's last label says of each account that it is an operator's.

    Needs the table `account` and the view `events`.
    """
    rows = con.execute(LABELLED, {"adverse": list(ADVERSE)}).fetchnumpy()
    return np.asarray(rows["labelled"], dtype=np.bool_)
