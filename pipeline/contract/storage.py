"""How a field of an event is kept in its table: in clear, as tokens, or not at all."""

from enum import StrEnum
from typing import Any, Literal

import msgspec


class Kind(StrEnum):
    """Namespace of a token: one value has one token per kind, in whatever topic and field it appears."""

    EMAIL = "email"
    EMAIL_LOCAL = "email_local"
    IP = "ip"
    IP_64 = "ip_64"
    DEVICE = "device"
    CARD = "card"
    API_KEY = "api_key"
    BILLING_NAME = "billing_name"
    BILLING_POSTCODE = "billing_postcode"
    SYSTEM = "system"
    TEMPLATE = "template"
    CONVERSATION = "conversation"
    KAFKA_KEY = "kafka_key"


class Storage(msgspec.Struct, frozen=True):
    """Storage rule of one field.

    `how`: `clear` keeps the value; `token` keeps `column`, its keyed token of `kind`; `email`, `ip` and `minhash`
    expand into the columns that their canonical form allows; `dropped` is used on arrival and never written.
    """

    how: Literal["clear", "token", "email", "ip", "minhash", "dropped"]
    column: str = ""
    kind: Kind | None = None
    versioned: bool = False


CLEAR = Storage("clear")


def token(column: str, kind: Kind, *, versioned: bool = False) -> Storage:
    """Keep a keyed token of the value in `column`; `versioned` tokens never match across fingerprint recipes."""
    return Storage("token", column, kind, versioned)


def field(description: str, storage: Storage = CLEAR, **limits: Any) -> msgspec.Meta:
    """Describe an event's field: what it is, how it is stored, and msgspec's limits on its value."""
    return msgspec.Meta(description=description, extra={"storage": storage}, **limits)
