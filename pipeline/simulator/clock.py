"""Simulated time: integer microseconds since 1970 (UTC)."""

from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(time: int) -> datetime:
    """The time as an aware datetime."""
    return _EPOCH + timedelta(microseconds=time)


def microseconds(moment: datetime) -> int:
    """The time of an aware datetime."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
