"""What landing watches for is what the signals draw: two floors, one meaning of each kind of key."""

from datetime import UTC, datetime

import duckdb
import pytest

from graph.signals import BY_KIND
from graph.tables.watched import KINDS
from pipeline.decode.decoder import Decoder
from pipeline.matching.shown import SHOWN
from pipeline.privacy.tokens import Tokens
from tests.pipeline.records import KEY, event, polled

NOW = datetime(2026, 6, 15, tzinfo=UTC)
CHANGES = {
    "signup": [{}, {"ip": "2001:db8::1"}, {"ja4": "t13d"}, {"device_id": ..., "email": "nobody"}],
    "payment": [{}, {"outcome": "declined"}, {"billing_name": ...}, {"card_fingerprint": ..., "outcome": "refunded"}],
    "usage": [{}, {"conversation_prefix_hash": ...}, {"status": 302}],
}


@pytest.mark.parametrize("table", CHANGES)
def test_a_kind_means_the_same_on_both_floors(table: str) -> None:
    values = [event(table, **{"event_id": f"ev-{n}"} | changes) for n, changes in enumerate(CHANGES[table])]
    rows = Decoder(table, Tokens(KEY)).decode(polled(table, values), NOW).rows
    with duckdb.connect() as con:
        con.register("rows", rows)
        for kind, draw in SHOWN[table].items():
            signal = BY_KIND[kind]
            drawn = con.sql(
                f"SELECT event_id, {signal.key} AS key FROM rows WHERE {signal.where} ORDER BY ALL"
            ).fetchall()
            shown = zip(rows["event_id"].to_pylist(), draw(rows).to_pylist(), strict=True)
            assert [(event_id, key) for event_id, key in shown if key is not None] == drawn
            assert drawn


def test_every_kind_that_is_watched_is_shown_by_one_table() -> None:
    assert sorted(kind for kinds in SHOWN.values() for kind in kinds) == sorted(KINDS)
