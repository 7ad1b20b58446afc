from datetime import UTC, datetime, timedelta

import msgspec
import pyarrow as pa
from deltalake import write_deltalake

from pipeline.alerts.outbox import SCHEMA
from pipeline.contract.tables import Alert
from queries.status import sections

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def alert(uid, state, minutes, detail):
    at = NOON + timedelta(minutes=minutes)
    return Alert(
        alert_uid=uid, cluster_uid="op", revision=1, hook="soc", state=state, attempts=1, at=at, due_at=None,
        detail=detail, body=None,
    )  # fmt: skip


def test_alerts_are_counted_by_the_state_they_are_in_with_the_last_word_on_each(landed):
    assert dict(sections(landed))["alerts"].num_rows == 0
    rows = [
        alert("a", "pending", 0, "queued"),
        alert("a", "delivered", 1, "HTTP 204 No Content"),
        alert("b", "pending", 0, "queued"),
        alert("b", "pending", 2, "connection refused"),
        alert("c", "pending", 1, "queued"),
    ]
    data = pa.Table.from_pylist([msgspec.structs.asdict(row) for row in rows], SCHEMA)
    write_deltalake(landed.table("alerts"), data, mode="append")
    assert dict(sections(landed))["alerts"].drop_columns("last_at").to_pylist() == [
        {"hook": "soc", "state": "delivered", "alerts": 1, "last_said": "HTTP 204 No Content"},
        {"hook": "soc", "state": "pending", "alerts": 2, "last_said": "connection refused"},
    ]
