from datetime import UTC, datetime

import pytest

from tests.pipeline.formats.samples import CHARGE, STRIPE, changed, decode, stripe


def only(record, **options):
    (row,), rejected = decode("stripe", record, **options)
    assert rejected == []
    return row


def test_a_charge():
    expected = {
        "event_id": "evt_1",
        "event_time": datetime(2026, 6, 14, 23, 59, 57, tzinfo=UTC),
        "account_id": "cus_1",
        "payment_method": "card",
        "outcome": "succeeded",
        "card_funding": "credit",
        "card_country": "FR",
        "amount_minor": 500,
        "currency": "EUR",
        "billing_country": "FR",
    }
    row = only(STRIPE)
    assert expected.items() <= row.items()
    assert None not in (row["card_key"], row["billing_postcode_key"], row["billing_name_key"])


@pytest.mark.parametrize(
    ("kind", "outcome", "amount"), [("charge.failed", "declined", 500), ("charge.refunded", "refunded", 200)]
)
def test_what_became_of_a_charge(kind, outcome, amount):
    row = only(stripe(kind, CHARGE | {"amount_refunded": 200}))
    assert (row["outcome"], row["amount_minor"]) == (outcome, amount)
    assert row["card_key"] == only(STRIPE)["card_key"]


def test_an_expanded_customer_counts_by_its_id():
    assert (
        only(changed(STRIPE, "/data/object/customer", {"id": "cus_1", "object": "customer"}))["account_id"] == "cus_1"
    )


def test_the_providers_own_id_may_be_in_the_metadata():
    assert only(STRIPE, moved={"account_id": "/data/object/metadata/account_id"})["account_id"] == "user-1"


INTENT = {
    "id": "pi_1",
    "object": "payment_intent",
    "amount": 500,
    "amount_received": 500,
    "currency": "eur",
    "customer": "cus_1",
    "latest_charge": "ch_1",
    "payment_method_types": ["card"],
}


def test_a_payment_intent_knows_its_card_only_with_the_charge_expanded():
    bare = only(stripe("payment_intent.succeeded", INTENT))
    assert (bare["payment_method"], bare["outcome"], bare["amount_minor"]) == ("card", "succeeded", 500)
    assert bare["card_key"] is None
    for whole in (INTENT | {"latest_charge": CHARGE}, INTENT | {"charges": {"object": "list", "data": [CHARGE]}}):
        assert only(stripe("payment_intent.succeeded", whole))["card_key"] == only(STRIPE)["card_key"]


@pytest.mark.parametrize("types", [["card", "link"], ["seashells"], []])
def test_a_means_of_payment_that_is_not_known_is_not_guessed(types):
    rows, (rejected,) = decode("stripe", stripe("payment_intent.succeeded", INTENT | {"payment_method_types": types}))
    assert rows == []
    assert rejected["reason"] == "unmappable"
    assert rejected["detail"].startswith("no payment_method at /data/object/latest_charge/payment_method_details/type")


DISPUTE = {
    "id": "du_1",
    "object": "dispute",
    "amount": 400,
    "charge": "ch_1",
    "currency": "eur",
    "evidence": {"customer_name": "Ann Doe", "customer_purchase_ip": "198.51.100.7"},
    "metadata": {},
    "payment_method_details": {"card": {"brand": "visa", "network_reason_code": "83"}, "type": "card"},
    "reason": "fraudulent",
}


def test_a_dispute_needs_its_charge_to_know_the_customer():
    _, (rejected,) = decode("stripe", stripe("charge.dispute.created", DISPUTE))
    assert (rejected["reason"], rejected["path"]) == ("unmappable", "$.data.object.charge.customer")
    row = only(stripe("charge.dispute.created", DISPUTE | {"charge": CHARGE}))
    assert (row["account_id"], row["outcome"], row["amount_minor"]) == ("cus_1", "disputed", 400)
    assert row["card_key"] == only(STRIPE)["card_key"]


def test_another_type_of_event_is_irrelevant():
    _, (rejected,) = decode("stripe", stripe("customer.created", {"id": "cus_1", "email": "ann@example.org"}))
    assert (rejected["reason"], rejected["raw"]) == ("irrelevant", None)
