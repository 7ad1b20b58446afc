from datetime import UTC, datetime

import pytest

from tests.pipeline.formats.samples import ENVOY, ENVOY_BEFORE, changed, decode


def only(record):
    (row,), rejected = decode("envoy", record)
    assert rejected == []
    return row


def test_an_access_log_entry():
    expected = {
        "event_id": "83b63da3-45a9-4196-98b8-1a7f697d6d8d",
        "event_time": datetime(2026, 6, 14, 23, 59, 57, 250000, UTC),
        "account_id": "user-1",
        "ip_prefix": "198.51.100.0/24",  # not what the client wrote into x-forwarded-for
        "model": "atlas-large-2",
        "endpoint": "/v1/chat/completions",
        "status": 200,
        "user_agent": "curl/8.7.1",
        "input_tokens": 20,
        "output_tokens": 10,
        "prompt_minhash": None,
    }
    assert expected.items() <= only(ENVOY).items()


def test_an_entry_with_the_names_of_before_2026():
    assert only(ENVOY_BEFORE) == only(ENVOY)


@pytest.mark.parametrize("address", ["[2001:db8:1:2::3]:64484", "2001:db8:1:2::3"])
def test_addresses_of_both_kinds(address):
    assert only(changed(ENVOY, "/downstream_remote_address", address))["ip_prefix"] == "2001:db8:1::/48"


@pytest.mark.parametrize("model", [None, "-", ""])
def test_an_entry_without_a_model_is_irrelevant(model):
    rows, (rejected,) = decode("envoy", changed(ENVOY, "/gen_ai.request.model", model))
    assert rows == []
    assert rejected["reason"] == "irrelevant"
