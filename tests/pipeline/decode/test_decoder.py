import itertools
import json
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME
from pipeline.decode.decoder import Decoder
from pipeline.decode.rejects import REJECTED
from pipeline.privacy.tokens import Tokens
from pipeline.sources.batch import PolledBatch, Span
from tests.pipeline.records import GOOD, KEY, event, polled

TOKENS = Tokens(KEY)
DECODERS = {table: Decoder(table, TOKENS) for table in GOOD}
NOW = datetime(2026, 6, 15, tzinfo=UTC)
EVENT_MS = int(datetime.fromisoformat("2026-06-14T23:59:57.990Z").timestamp() * 1000)
DAY_MS = 86_400_000


def decode(table, *values, **sent):
    decoded = DECODERS[table].decode(polled(table, list(values), **sent), NOW)
    return decoded.rows.to_pylist(), decoded.rejected.to_pylist()


def only_row(table, **changes):
    rows, rejected = decode(table, event(table, **changes))
    assert rejected == []
    return rows[0]


def only_reject(table, **changes):
    rows, rejected = decode(table, event(table, **changes))
    assert rows == []
    return rejected[0]


@pytest.mark.parametrize("table", GOOD)
def test_rows_have_the_contracts_schema_and_no_sensitive_value(table):
    batch = polled(table, [event(table), b"{", event(table, account_id="acct-2")], start=7)
    decoded = DECODERS[table].decode(batch, NOW)
    assert decoded.rows.schema == arrow_schema(BY_NAME[table])
    assert decoded.rejected.schema == REJECTED
    assert decoded.span == batch.span
    decoded.rows.validate(full=True)
    assert decoded.rows["_offset"].to_pylist() == [7, 9]
    assert decoded.rejected["_offset"].to_pylist() == [8]
    kept = str(decoded.rows.to_pylist())
    for field in ("email", "ip", "device_id", "card_fingerprint", "billing_name", "billing_postcode", "api_key_id"):
        assert GOOD[table].get(field, "absent") not in kept


def test_a_signup_as_stored():
    assert only_row("signup", ip="2001:DB8::1") == {
        "event_id": "ev-1",
        "event_time": datetime(2026, 6, 14, 23, 59, 57, 990000, UTC),
        "account_id": "acct-1",
        "email_key": TOKENS.token("email", "ann.doe@example.org"),
        "email_local_key": TOKENS.token("email_local", "ann.doe"),
        "email_domain": "example.org",
        "email_shape": "aaa.aaa",
        "ip_key": TOKENS.token("ip", "2001:db8::1"),
        "ip_64_key": TOKENS.token("ip_64", "2001:db8::/64"),
        "ip_prefix": "2001:db8::/48",
        "asn": None,
        "ip_country": None,
        "user_agent": "Firefox/140.0",
        "ja4": None,
        "device_key": TOKENS.token("device", "device-1"),
        "org_id": None,
        "program": "free_trial",
        "country": "FR",
        "event_date": date(2026, 6, 14),
        "_topic_id": "topic-id",
        "_topic": "account.signup.v1",
        "_partition": 0,
        "_offset": 0,
        "_landed_at": NOW,
    }


def test_one_value_has_one_token_in_every_topic_and_notation():
    ways = ("198.51.100.7", "::ffff:198.51.100.7", " ::FFFF:c633:6407 ")
    keys = {only_row(table, ip=ip)["ip_key"] for table in ("signup", "usage") for ip in ways}
    assert len(keys) == 1
    assert only_row("payment", billing_name="75011")["billing_name_key"] != only_row("payment")["billing_postcode_key"]


def test_tokens_of_hashes_match_only_within_their_recipe():
    hashed = only_row("usage")
    assert hashed["fingerprint_version"] == "producer"
    assert hashed["system_hash"] == TOKENS.token("system/producer", "ad7e1bee1aed8818")
    raw = only_row(
        "usage",
        prompt=[{"role": "system", "content": "be brief"}, {"role": "user", "content": "hello you there now"}],
        **dict.fromkeys(("system_hash", "prompt_template_hash", "conversation_prefix_hash", "prompt_minhash"), ...),
    )
    assert raw["fingerprint_version"] == "h1"
    assert raw["system_hash"].startswith("v1:")
    assert len(raw["prompt_minhash"]) == 16
    assert raw["prompt_template_hash"] is None
    assert "prompt" not in raw


def test_a_row_without_prompt_or_hashes_has_no_recipe():
    names = ("system_hash", "prompt_template_hash", "conversation_prefix_hash", "prompt_minhash")
    row = only_row("usage", **dict.fromkeys(names, ...))
    assert [row[name] for name in (*names, "fingerprint_version")] == [None] * 5


@pytest.mark.parametrize(
    ("changes", "reason", "path"),
    [
        ({"ip": "not an address"}, "invalid_ip", "$.ip"),
        ({"ip": "1.2.3.4:443"}, "invalid_ip", "$.ip"),
        ({"event_time": "2014-12-31T23:59:59Z"}, "time_too_old", "$.event_time"),
        ({"event_time": "2015-01-01T00:00:00+00:01"}, "time_too_old", "$.event_time"),
        ({"event_time": "0001-01-01T00:00:00+14:00"}, "time_too_old", "$.event_time"),
    ],
)
def test_rules_beyond_types(changes, reason, path):
    reject = only_reject("signup", **changes)
    assert (reject["reason"], reject["path"]) == (reason, path)


@pytest.mark.parametrize("moment", ["2015-01-01T00:00:00Z", "2014-12-31T23:59:59.9999999Z"])
def test_times_from_2015_on_pass(moment):
    assert only_row("signup", event_time=moment)["event_date"] == date(2015, 1, 1)


@pytest.mark.parametrize(("ahead_ms", "kept"), [(DAY_MS, 1), (DAY_MS + 1, 0), (-(10**12), 1)])
def test_the_future_is_a_day_after_the_records_own_timestamp(ahead_ms, kept):
    rows, rejected = decode("signup", event("signup"), times=[EVENT_MS - ahead_ms])
    assert len(rows) == kept
    assert [reject["reason"] for reject in rejected] == ["time_in_future"] * (1 - kept)


@pytest.mark.parametrize("timestamp", [-1, 2**63 - 1, 2**62])
def test_a_record_without_a_real_timestamp_has_no_future(timestamp):
    rows, _ = decode("signup", event("signup"), times=[timestamp])
    assert len(rows) == 1


@pytest.mark.parametrize("timestamp", [-1, 2**63 - 1])
def test_a_reject_without_a_real_timestamp_has_none(timestamp):
    _, rejected = decode("signup", b"{", times=[timestamp])
    assert rejected[0]["kafka_time"] is None


def test_a_reject_says_where_when_and_how_large():
    _, rejected = decode("signup", b"{}", None, times=[EVENT_MS, -1], keys=[b"acct-1", None], start=41)
    missing, tombstone = rejected
    assert missing == {
        "_topic_id": "topic-id",
        "_topic": "account.signup.v1",
        "_partition": 0,
        "_offset": 41,
        "kafka_time": datetime(2026, 6, 14, 23, 59, 57, 990000, UTC),
        "reason": "missing_field",
        "detail": "required",
        "path": "$.event_id",
        "raw": "{}",
        "size_bytes": 2,
        "digest": TOKENS.digest("record", b"{}"),
        "kafka_key": TOKENS.digest("kafka_key", b"acct-1"),
        "_landed_at": NOW,
    }
    assert (tombstone["reason"], tombstone["size_bytes"], tombstone["kafka_key"]) == ("tombstone", 0, None)


mixed = st.lists(
    st.sampled_from(
        [
            event("usage"),
            event("usage", ip="198.51.100.9", prompt_minhash=...),
            event("usage", prompt_minhash=..., system_hash=..., prompt_template_hash=..., conversation_prefix_hash=...),
            event("usage", prompt="a b c d e", prompt_minhash=...),
            event("usage", event_time="2015-01-01T00:00:00Z"),
            event("usage", task=None),
            event("usage", ip="x"),
            event("usage", event_time="2014-01-01T00:00:00Z"),
            b"{",
            None,
        ]
    ),
    max_size=12,
)


@given(mixed, st.lists(st.integers(0, 12), max_size=4))
def test_any_split_gives_the_same_rows(values, cuts):
    times, keys = [EVENT_MS] * len(values), [b"k", None] * len(values)
    whole = DECODERS["usage"].decode(polled("usage", values, times=times, keys=keys[: len(values)]), NOW)
    edges = [0, *sorted(min(cut, len(values)) for cut in cuts), len(values)]
    parts = [
        DECODERS["usage"].decode(
            polled("usage", values[a:b], start=a, times=times[a:b], keys=keys[: len(values)][a:b]), NOW
        )
        for a, b in itertools.pairwise(edges)
    ]
    assert pa.concat_tables(part.rows for part in parts).equals(whole.rows)
    assert pa.concat_tables(part.rejected for part in parts).equals(whole.rejected)


@given(st.lists(st.none() | st.binary(max_size=40), max_size=5), st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_hostile_bytes_keys_and_timestamps_are_rows_and_never_errors(values, times):
    span = Span("usage", "api.usage.v1", "topic-id", 0, "topic-id/0", 0, 10)
    sent = [event("usage"), *values]
    moments = (times + [0] * len(sent))[: len(sent)]
    batch = PolledBatch(span, list(range(len(sent))), sent, list(sent), moments)
    decoded = DECODERS["usage"].decode(batch, NOW)
    addresses = [*decoded.rows["_offset"].to_pylist(), *decoded.rejected["_offset"].to_pylist()]
    assert sorted(addresses) == batch.offsets


def test_json_writes_and_reads_texts_of_any_script():
    agent = "κόσμε \U0001f600 \u0000 \u202e"
    assert only_row("signup", user_agent=agent)["user_agent"] == agent
    assert json.loads(only_reject("signup", user_agent=agent, ip="x")["raw"])["user_agent"] == agent
