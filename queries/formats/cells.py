"""One value of a result as text."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

# Six significant digits: more than any weight or share here is worth.
FLOAT_FORMAT = ".6g"


def text_of(value: Any) -> str:
    """`value` as a person reads it: null is empty, a list is its items after one another."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(value, FLOAT_FORMAT)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, list):
        return "; ".join(text_of(item) for item in value)
    if isinstance(value, dict):
        return msgspec.json.encode(value, enc_hook=str).decode()
    return str(value)


def instant(value: datetime) -> str:
    """RFC 3339 in UTC, without a fraction of zero."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def is_number(value: Any) -> bool:
    """Whether `value` is aligned right, and cannot be taken for a formula."""
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def is_safe(value: Any) -> bool:
    """Whether the value's text cannot hold what somebody else wrote."""
    return value is None or isinstance(value, (int, float, Decimal, date))
