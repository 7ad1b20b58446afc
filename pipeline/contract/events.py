"""The four kinds of event that producers send, as they send them."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from pipeline.contract.storage import Kind, Storage, field, token

MINHASH_SLOTS = 16

Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
MinHash = Annotated[
    list[Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]],
    msgspec.Meta(min_length=MINHASH_SLOTS, max_length=MINHASH_SLOTS),
]


class Message(msgspec.Struct, frozen=True, gc=False):
    """One turn of a conversation, as chat APIs write it; `content` is text or a list of typed parts."""

    role: str
    content: msgspec.Raw = msgspec.Raw(b"null")


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Fields that every event has."""

    event_id: Annotated[
        str,
        field("Unique per event; a producer's retry repeats it at another offset.", min_length=1, max_length=128),
    ]
    event_time: Annotated[datetime, field("When it happened (RFC 3339 with an offset; kept as UTC).", tz=True)]
    account_id: Annotated[str, field("The provider's own internal id, kept in clear.", min_length=1, max_length=128)]


class Signup(Event, frozen=True, kw_only=True, gc=False):
    """An account was opened."""

    email: Annotated[str, field("Address given at sign-up.", Storage("email"), min_length=1)]
    ip: Annotated[str, field("Address the request came from.", Storage("ip"), min_length=1)]
    user_agent: Annotated[str, field("User agent as sent.")]
    ja4: Annotated[str | None, field("JA4 fingerprint of the TLS client hello.")] = None
    device_id: Annotated[str | None, field("Device fingerprint.", token("device_key", Kind.DEVICE))] = None
    org_id: Annotated[str | None, field("Organisation the account says it belongs to (self-service).")] = None
    program: Annotated[
        str | None, field("Commercial program: free_trial, pay_as_you_go, education, startup, enterprise, …")
    ] = None
    country: Annotated[str | None, field("Country given (ISO 3166-1 alpha-2).")] = None


class Payment(Event, frozen=True, kw_only=True, gc=False):
    """A payment was tried."""

    payment_method: Annotated[Literal["card", "bank", "wallet", "crypto", "invoice"], field("Means of payment.")]
    outcome: Annotated[Literal["succeeded", "declined", "disputed", "refunded"], field("How it ended.")]
    card_fingerprint: Annotated[
        str | None, field("The processor's token of the card; never a card number.", token("card_key", Kind.CARD))
    ] = None
    card_funding: Annotated[str | None, field("credit, debit, prepaid, …")] = None
    card_country: Annotated[str | None, field("Country of the card's issuer (ISO 3166-1 alpha-2).")] = None
    amount_minor: Annotated[Int64 | None, field("Amount in the currency's minor unit.")] = None
    currency: Annotated[str | None, field("ISO 4217 code.")] = None
    billing_country: Annotated[str | None, field("Billing country (ISO 3166-1 alpha-2).")] = None
    billing_postcode: Annotated[
        str | None, field("Billing postcode.", token("billing_postcode_key", Kind.BILLING_POSTCODE))
    ] = None
    billing_name: Annotated[str | None, field("Billing name.", token("billing_name_key", Kind.BILLING_NAME))] = None


class Usage(Event, frozen=True, kw_only=True, gc=False):
    """A request to the API was answered or refused."""

    api_key_id: Annotated[str, field("Credential used.", token("api_key_key", Kind.API_KEY), min_length=1)]
    ip: Annotated[str, field("Address the request came from.", Storage("ip"), min_length=1)]
    model: Annotated[str, field("Model asked for.")]
    endpoint: Annotated[str, field("Path of the API.")]
    status: Annotated[int, field("HTTP status.", ge=0, le=999)]
    user_agent: Annotated[str | None, field("User agent as sent.")] = None
    ja4: Annotated[str | None, field("JA4 fingerprint of the TLS client hello.")] = None
    input_tokens: Annotated[Count | None, field("Tokens read.")] = None
    output_tokens: Annotated[Count | None, field("Tokens written.")] = None
    max_tokens: Annotated[Count | None, field("Limit asked for.")] = None
    temperature: Annotated[float | None, field("Sampling temperature.")] = None
    stop_reason: Annotated[str | None, field("end_turn, max_tokens, refusal, tool_use, …")] = None
    system_hash: Annotated[
        str | None, field("Hash of the system prompt.", token("system_hash", Kind.SYSTEM, versioned=True))
    ] = None
    prompt_template_hash: Annotated[
        str | None,
        field(
            "Hash of the prompt with its variables masked: equality only.",
            token("prompt_template_hash", Kind.TEMPLATE, versioned=True),
        ),
    ] = None
    prompt_minhash: Annotated[
        MinHash | None,
        field(
            "16 MinHash slots over word 4-grams: the share of equal slots estimates the Jaccard similarity.",
            Storage("minhash"),
        ),
    ] = None
    conversation_prefix_hash: Annotated[
        str | None,
        field("Hash of the first turn.", token("conversation_prefix_hash", Kind.CONVERSATION, versioned=True)),
    ] = None
    task: Annotated[str | None, field("The provider's own classification of the task.")] = None
    prompt: Annotated[
        str | list[Message] | None,
        field("Raw prompt: fingerprinted on arrival, then dropped; never written.", Storage("dropped")),
    ] = None


class Action(Event, frozen=True, kw_only=True, gc=False):
    """The provider did something to an account."""

    action: Annotated[
        Literal["banned", "suspended", "reinstated", "key_created", "key_revoked", "verified", "limit_raised", "label"],
        field("What was done."),
    ]
    reason: Annotated[str | None, field("Why.")] = None
    actor: Annotated[str | None, field("Who did it.")] = None
    verdict: Annotated[
        str | None,
        field(
            "With action=label: the reviewer's verdict; runs may start from `distillation`, `resale`, `trial_abuse`."
        ),
    ] = None


class Topic(msgspec.Struct, frozen=True):
    """A Kafka topic (its default name), the record it carries and the table it lands in."""

    name: str
    table: str
    record: type[Event]


TOPICS = (
    Topic("account.signup.v1", "signup", Signup),
    Topic("account.payment.v1", "payment", Payment),
    Topic("api.usage.v1", "usage", Usage),
    Topic("account.action.v1", "action", Action),
)
TOPIC_OF_TABLE = {topic.table: topic for topic in TOPICS}
