"""Stripe: events of payments, as its webhooks and event destinations deliver them.

Source: docs.stripe.com/api/events, /api/charges/object, /api/payment_intents/object and /api/disputes/object.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.formats.mapping import Format, Item, Source, always, at
from pipeline.formats.readers import seconds, text, upper

# Stripe's type of a payment method → the contract's means of payment; a type that is not here is refused, not guessed.
MEANS = {
    "card": "card",
    "card_present": "card",
    "crypto": "crypto",
    **dict.fromkeys(("affirm", "afterpay_clearpay", "billie", "klarna", "zip"), "invoice"),
    **dict.fromkeys(("alipay", "amazon_pay", "cashapp", "grabpay", "kakao_pay", "link", "mobilepay"), "wallet"),
    **dict.fromkeys(("naver_pay", "payco", "paypal", "revolut_pay", "samsung_pay", "wechat_pay"), "wallet"),
    **dict.fromkeys(("ach_credit_transfer", "ach_debit", "acss_debit", "au_becs_debit", "bacs_debit"), "bank"),
    **dict.fromkeys(("bancontact", "blik", "customer_balance", "eps", "fpx", "giropay", "ideal", "p24"), "bank"),
    **dict.fromkeys(("pay_by_bank", "pix", "sepa_debit", "sofort", "twint", "us_bank_account"), "bank"),
}

ABOUT = """\
The account is the charge's customer (`cus_…`). Usage and payments meet only when they name accounts alike: if you keep
your own id in the metadata, name `/data/object/metadata/account_id`. Send one of `charge.succeeded` and
`payment_intent.succeeded`, or a payment counts twice; the former has the card. A dispute names its charge, not the
customer: expand `charge` when you forward it, or it is `unmappable`. A refund's amount is the total refunded so far.
Other types of event are `irrelevant`."""


def means(value: Any) -> Any:
    """As the contract's means of payment; of several allowed types, none is known."""
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    return MEANS.get(value) if isinstance(value, str) else None


def _shape(outcome: str, amount: str, customer: str, *charges: str) -> Mapping[str, Source]:
    """Fields of an object; its charge is at the first of `charges` that has a value."""

    def of_charge(end: str) -> tuple[str, ...]:
        return tuple(charge + end for charge in charges)

    card = "/payment_method_details/card"
    return {
        "event_id": at("/id"),
        "event_time": at("/created", read=seconds),
        "account_id": at(customer, read=text),
        "payment_method": at(
            *of_charge("/payment_method_details/type"), "/data/object/payment_method_types", read=means
        ),
        "outcome": always(outcome),
        "card_fingerprint": at(*of_charge(f"{card}/fingerprint")),
        "card_funding": at(*of_charge(f"{card}/funding")),
        "card_country": at(*of_charge(f"{card}/country")),
        "amount_minor": at(f"/data/object/{amount}"),
        "currency": at("/data/object/currency", read=upper),
        "billing_country": at(*of_charge("/billing_details/address/country")),
        "billing_postcode": at(*of_charge("/billing_details/address/postal_code")),
        "billing_name": at(*of_charge("/billing_details/name")),
    }


CHARGE, CUSTOMER = "/data/object", "/data/object/customer"
SHAPES = {
    "charge.succeeded": _shape("succeeded", "amount", CUSTOMER, CHARGE),
    "payment_intent.succeeded": _shape(
        "succeeded", "amount_received", CUSTOMER, f"{CHARGE}/latest_charge", f"{CHARGE}/charges/data/0"
    ),
    "charge.failed": _shape("declined", "amount", CUSTOMER, CHARGE),
    "charge.dispute.created": _shape("disputed", "amount", f"{CHARGE}/charge/customer", f"{CHARGE}/charge", CHARGE),
    "charge.refunded": _shape("refunded", "amount_refunded", CUSTOMER, CHARGE),
}


def items(record: Any) -> Iterator[Item]:
    """Yield the event itself if it is of a mapped type."""
    kind = record.get("type") if isinstance(record, dict) else None
    if isinstance(kind, str) and kind in SHAPES:
        yield Item(kind, record)


FORMAT = Format(
    "payment",
    SHAPES,
    items,
    ABOUT,
    (
        "docs.stripe.com/api/events",
        "docs.stripe.com/api/charges/object",
        "docs.stripe.com/api/payment_intents/object",
        "docs.stripe.com/api/disputes/object",
    ),
)
