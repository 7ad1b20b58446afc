"""Accounts that touched a known operator, from the table `matches`: each is told once to each hook."""

from collections.abc import Mapping
from datetime import datetime

import duckdb
import msgspec

from pipeline.alerts.findings import MOST_TOUCHES, Touch
from pipeline.alerts.text import clean
from pipeline.lake import Lake

# Rows from a partition's told end on are fresh; an account is news if all its rows about a cluster are.
FRESH = """
    WITH seen AS (
        SELECT m.*, m._topic_id || '/' || m._partition AS place,
            coalesce(m._offset >= t.until, true) AS fresh
        FROM ({matches}) AS m LEFT JOIN told AS t ON t.place = m._topic_id || '/' || m._partition
    )
    SELECT cluster_uid, account_id, list_sort(list(DISTINCT kind)) AS kinds,
        arg_min(event_id, (event_time, event_id)) AS event_id, min(event_time) AS first_at,
        count(*) OVER (PARTITION BY cluster_uid) AS accounts
    FROM seen GROUP BY cluster_uid, account_id HAVING bool_and(fresh)
    QUALIFY row_number() OVER (PARTITION BY cluster_uid ORDER BY first_at DESC, account_id) <= {most}
    ORDER BY cluster_uid, first_at DESC, account_id
"""
ENDS = "SELECT _topic_id || '/' || _partition, max(_offset) + 1 FROM ({matches}) GROUP BY ALL ORDER BY ALL"
ID_CHARACTERS = 128


class Crowd(msgspec.Struct):
    """Accounts that touched one operator: how many, and the newest of them."""

    accounts: int
    newest: list[Touch]


class Fresh(msgspec.Struct, frozen=True):
    """Cluster → who touched it that a hook has not been told of; and the ends that were read."""

    crowds: dict[str, Crowd]
    ends: dict[str, int]


def read_fresh(lake: Lake, told: Mapping[str, int]) -> Fresh:
    """What lies beyond the ends that were `told` (topic id/partition → offset)."""
    matches = lake.select("matches")
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("CREATE TABLE told (place VARCHAR, until BIGINT)")
        con.execute(
            "INSERT INTO told SELECT unnest($places::VARCHAR[]), unnest($ends::BIGINT[])",
            {"places": list(told), "ends": list(told.values())},
        )
        ends: dict[str, int] = dict(con.sql(ENDS.format(matches=matches)).fetchall())
        crowds: dict[str, Crowd] = {}
        if any(end > told.get(place, 0) for place, end in ends.items()):
            for row in con.sql(FRESH.format(matches=matches, most=MOST_TOUCHES)).to_arrow_table().to_pylist():
                crowds.setdefault(row["cluster_uid"], Crowd(row["accounts"], [])).newest.append(_touch(row))
    return Fresh(crowds, ends)


def _touch(row: Mapping[str, object]) -> Touch:
    at, kinds = row["first_at"], row["kinds"]
    assert isinstance(at, datetime) and isinstance(kinds, list)
    return Touch(
        account_id=clean(str(row["account_id"]), ID_CHARACTERS),
        kinds=kinds,
        event_id=clean(str(row["event_id"]), ID_CHARACTERS),
        at=at,
    )
