"""Tables that only the case file has."""

from datetime import datetime
from typing import Annotated

import msgspec

from pipeline.contract.schema import struct_columns
from pipeline.contract.tables import BY_NAME, EVENT_TABLES, RUN_TABLES, Home, Table, d


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What all landed events say of one account."""

    account_id: Annotated[str, d("The account.")]
    cluster_uid: Annotated[str | None, d("Cluster it is a member of in the current run.")]
    first_seen: Annotated[datetime, d("Its first event.")]
    last_seen: Annotated[datetime, d("Its last event.")]
    signed_up_at: Annotated[datetime | None, d("Its first sign-up; null when that lies before the lake.")]
    program: Annotated[str | None, d("Commercial program at sign-up.")]
    org_id: Annotated[str | None, d("Organisation the account says it belongs to (self-service).")]
    email_domain: Annotated[str | None, d("Mail domain at sign-up.")]
    country: Annotated[str | None, d("Country given at sign-up (ISO 3166-1 alpha-2).")]
    standing: Annotated[str, d("active, suspended or banned, by the provider's last such action.")]
    banned_at: Annotated[datetime | None, d("First ban.")]
    is_verified: Annotated[bool, d("Whether the provider verified it (action=verified).")]
    requests: Annotated[int, d("API requests.")]
    input_tokens: Annotated[int, d("Tokens read.")]
    output_tokens: Annotated[int, d("Tokens written.")]
    refusals: Annotated[int, d("Requests that the model refused.")]
    rate_limited: Annotated[int, d("Requests answered with HTTP 429.")]
    payments_succeeded: Annotated[int, d("Payments that succeeded.")]
    payments_failed: Annotated[int, d("Payments declined or disputed.")]


class RejectedCount(msgspec.Struct, frozen=True, kw_only=True):
    """Bad records by topic and rule."""

    topic: Annotated[str, d("Name of the topic.")]
    reason: Annotated[str, d("Which rule was broken.")]
    path: Annotated[str, d("JSON path of the field, `$` for the whole record.")]
    records: Annotated[int, d("How many.")]
    bytes: Annotated[int, d("Their size together.")]
    first_landed_at: Annotated[datetime, d("When the first was met (our clock).")]
    last_landed_at: Annotated[datetime, d("When the last was met (our clock).")]


class SegmentFile(msgspec.Struct, frozen=True, kw_only=True):
    """A segment that holds all events of a day or month; `hydratrace sql` and `query` attach it."""

    period: Annotated[str, d("The day, or the month where that is small (UTC).")]
    file: Annotated[str, d("Its name in LAKE/segments.")]
    size_bytes: Annotated[int, d("Its size: a segment never changes.")]


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """What this case file was made of."""

    run_id: Annotated[str, d("The link run shown.")]
    published_at: Annotated[datetime, d("When (our clock).")]
    code_version: Annotated[str, d("Version of hydratrace that published.")]
    positions: Annotated[str, d("JSON object: application id → end of what had landed.")]


ACCOUNTS = Table("accounts", Home.CASE, "account", struct_columns(Account))
REJECTED_COUNTS = Table("rejected_counts", Home.CASE, "topic × reason × path", struct_columns(RejectedCount))
SEGMENTS = Table("segments", Home.CASE, "day or small month", struct_columns(SegmentFile))
PUBLICATION = Table("publication", Home.CASE, "case file", struct_columns(Publication))

LAKE_TABLES = tuple(
    BY_NAME[name]
    for name in (
        "account_key_days", "alerts", "clashes", "decisions", "gaps", "matches", "runs", "signup_bursts",
    )
)  # fmt: skip
CASE_TABLES = (*RUN_TABLES, *EVENT_TABLES, *LAKE_TABLES, ACCOUNTS, REJECTED_COUNTS, SEGMENTS, PUBLICATION)
