"""Why a record can be rejected."""

from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """The rule that a record broke; `description` says it in words."""

    description: str

    def __new__(cls, value: str, description: str) -> "Reason":
        """Make a member that is its value, with a description."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member

    TOMBSTONE = "tombstone", "The value is null; counted, not an error."
    TOO_LARGE = "too_large", "The value is larger than 1 MiB."
    NOT_UTF8 = "not_utf8", "The value is not UTF-8."
    NOT_JSON = "not_json", "The value is not JSON."
    NOT_OBJECT = "not_object", "The value is JSON, but not an object."
    TOO_DEEP = "too_deep", "The value is nested deeper than 64."
    DUPLICATE_KEY = "duplicate_key", "An object has the same key twice, so readers disagree on its value."
    NON_FINITE = "non_finite", "A number is NaN, infinite, or beyond the range of a double."
    MISSING_FIELD = "missing_field", "A required field is missing."
    WRONG_TYPE = "wrong_type", "A field has another type than the contract says."
    OUT_OF_RANGE = "out_of_range", "A number or a length is outside the contract's limits."
    UNKNOWN_VALUE = "unknown_value", "A field has a value outside the contract's list."
    INVALID_IP = "invalid_ip", "The address is neither IPv4 nor IPv6."
    TIME_WITHOUT_OFFSET = "time_without_offset", "event_time has no UTC offset."
    TIME_TOO_OLD = "time_too_old", "event_time is before 2015."
    TIME_IN_FUTURE = "time_in_future", "event_time is more than 24 h after the record's Kafka timestamp."
    UNMAPPABLE = "unmappable", "A foreign record lacks what an event of ours needs; the path is where it is looked for."
    IRRELEVANT = "irrelevant", "A foreign record holds nothing that is an event of ours; counted, not an error."


class Problem(NamedTuple):
    """What is wrong with one record; `detail` never holds a value of the record."""

    reason: Reason
    detail: str = ""
    path: str = "$"
