import pickle

import pytest

from pipeline.decode.reading import Reading, reading_of
from pipeline.errors import UsageError
from pipeline.privacy.tokens import Tokens
from pipeline.settings import Settings, load
from tests.pipeline.decode.test_decoder import NOW
from tests.pipeline.privacy.mmdb import database
from tests.pipeline.records import GOOD, KEY, event, polled


def test_without_settings_every_table_has_our_events():
    reading = reading_of(Settings())
    assert reading == Reading()
    assert reading.places() is None
    for table in GOOD:
        assert reading.decoder(table, Tokens(KEY)).decode(polled(table, [event(table)]), NOW).rows.num_rows == 1


def test_a_format_is_for_its_table_and_the_others_have_our_events():
    settings = load({"input_format": "kong, stripe"}, {})
    reading = pickle.loads(pickle.dumps(reading_of(settings)))
    assert reading.formats == {"usage": "kong", "payment": "stripe"}
    reasons = {
        table: reading.decoder(table, Tokens(KEY)).decode(polled(table, [event(table)]), NOW).rejected["reason"]
        for table in GOOD
    }
    assert {table: reason.to_pylist() for table, reason in reasons.items()} == {
        "signup": [],
        "payment": ["irrelevant"],
        "usage": ["irrelevant"],
        "action": [],
    }


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"input_format": "litelm"}, "no input format 'litelm'"),
        ({"input_format": "kong,envoy"}, "envoy and kong are both for usage"),
        ({"input_fields": {"nginx": {}}}, "input_fields: no input format 'nginx'"),
        ({"input_fields": {"kong": {"acount_id": "/a"}}}, "input_fields.kong: usage has no field 'acount_id'"),
        ({"input_fields": {"kong": {"ja4": "a.b"}}}, "input_fields.kong.ja4: 'a.b' is no JSON pointer"),
    ],
)
def test_wrong_settings_are_named(wrong, said):
    with pytest.raises(UsageError) as raised:
        reading_of(load(wrong, {}))
    assert said in str(raised.value)
    assert raised.value.exit_status == 2


def test_databases_fill_the_columns_of_places(tmp_path):
    path = tmp_path / "both.mmdb"
    record = {"autonomous_system_number": 64500, "country": {"iso_code": "FR"}}
    path.write_bytes(database({"198.51.100.0/24": record}, kind="Both"))
    reading = reading_of(Settings(asn_database=str(path), country_database=str(path)))
    values = [event("signup"), event("signup", ip="203.0.113.9")]
    rows = reading.decoder("signup", Tokens(KEY)).decode(polled("signup", values), NOW).rows
    assert rows["asn"].to_pylist() == [64500, None]
    assert rows["ip_country"].to_pylist() == ["FR", None]


def test_a_missing_database_stops_before_anything_starts(tmp_path):
    with pytest.raises(UsageError, match="cannot read asn_database"):
        reading_of(Settings(asn_database=str(tmp_path / "none")))
