from datetime import UTC, datetime

import pyarrow as pa
import pytest

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME
from pipeline.decode.decoder import Decoder
from pipeline.matching.match import match
from pipeline.matching.watchlist import KeySet, WatchList
from pipeline.privacy.tokens import Tokens
from tests.pipeline.records import KEY, event, polled
from tests.pipeline.watched import key_row

NOW = datetime(2026, 6, 15, tzinfo=UTC)
TOKENS = Tokens(KEY)
DEVICE, CARD = TOKENS.token("device", "device-1"), TOKENS.token("card", "card-1")


def rows(table: str, *changes: dict) -> pa.Table:
    """Decoded events of `table`, each with other values than the usual ones."""
    values = [event(table, **{"event_id": f"ev-{n}", "account_id": f"acct-{n}"} | c) for n, c in enumerate(changes)]
    return Decoder(table, TOKENS).decode(polled(table, values, start=40), NOW).rows


def watch(*keys: tuple[str, str, str], members: dict[str, str] | None = None) -> WatchList:
    made = pa.Table.from_pylist([key_row(*key) for key in keys])
    kinds = {kind: KeySet(made.filter(pa.compute.field("kind") == kind)) for kind in set(made["kind"].to_pylist())}
    return WatchList("run-1", kinds, members or {})


def found(watched: WatchList, table: str, *changes: dict) -> list[tuple[str, str, str]]:
    """(account, cluster, kind) of each match."""
    made = match(watched, table, rows(table, *changes), NOW)
    return [(row["account_id"], row["cluster_uid"], row["kind"]) for row in made.to_pylist()]


def test_a_match_has_the_event_its_address_and_the_key() -> None:
    made = match(watch(("op_1", "device", DEVICE)), "signup", rows("signup", {"device_id": "other"}, {}), NOW)
    assert made.schema == arrow_schema(BY_NAME["matches"])
    (row,) = made.to_pylist()
    assert row == {
        "_topic_id": "topic-id", "_topic": "account.signup.v1", "_partition": 0, "_offset": 41, "event_id": "ev-1",
        "event_time": datetime(2026, 6, 14, 23, 59, 57, 990000, UTC), "account_id": "acct-1", "cluster_uid": "op_1",
        "kind": "device", "key": DEVICE, "weight": 4_000_000, "run_id": "run-1", "matched_at": NOW,
    }  # fmt: skip


def test_members_match_nothing_of_their_own_cluster() -> None:
    watched = watch(("op_1", "device", DEVICE), members={"acct-0": "op_1", "acct-1": "op_2"})
    assert found(watched, "signup", {}, {}, {}) == [("acct-1", "op_1", "device"), ("acct-2", "op_1", "device")]


@pytest.mark.parametrize(("outcome", "matches"), [("succeeded", 1), ("declined", 0), ("disputed", 0)])
def test_only_a_payment_that_succeeded_shows_a_card(outcome: str, matches: int) -> None:
    assert len(found(watch(("op_1", "card", CARD)), "payment", {"outcome": outcome})) == matches


def test_a_conversation_has_moved_where_it_is_answered() -> None:
    usage = rows("usage", {})
    watched = watch(("op_1", "conversation", usage["conversation_prefix_hash"][0].as_py()))
    statuses = ({"status": 200}, {"status": 429}, {"status": 399}, {"status": 500})
    assert [account for account, *_ in found(watched, "usage", *statuses)] == ["acct-0", "acct-2"]


PREFIX, NET, DOMAIN = ("op_1", "ip_prefix", "198.51.100.0/24"), ("op_2", "ip_prefix", "203.0.113.0/24"), "example.org"


def test_one_circumstance_alone_matches_nothing_and_two_families_or_a_key_beside_it_do() -> None:
    address = ("op_1", "ip", TOKENS.token("ip", "198.51.100.7"))
    assert found(watch(PREFIX, address), "signup", {}) == []
    assert found(watch(PREFIX, ("op_2", "email_domain", DOMAIN)), "signup", {}) == []
    both = found(watch(PREFIX, ("op_1", "email_domain", DOMAIN)), "signup", {}, {"ip": "192.0.2.1"})
    assert both == [("acct-0", "op_1", "email_domain"), ("acct-0", "op_1", "ip_prefix")]
    beside = found(watch(PREFIX, ("op_1", "device", DEVICE)), "signup", {}, {"device_id": "other"})
    assert beside == [("acct-0", "op_1", "device"), ("acct-0", "op_1", "ip_prefix")]


def test_nothing_shown_or_nothing_watched_is_no_match() -> None:
    assert found(watch(("op_1", "device", DEVICE)), "signup", {"device_id": ...}) == []
    assert found(watch(("op_1", "device", DEVICE)), "action", {}) == []
    assert found(WatchList(), "signup", {}) == []
    assert match(watch(("op_1", "device", DEVICE)), "signup", rows("signup"), NOW).num_rows == 0
