"""Tables that only the case file has."""

from datetime import datetime
from typing import Annotated

import msgspec

from pipeline.contract.schema import Column, struct_columns
from pipeline.contract.tables import BY_NAME, EVENT_TABLES, RUN_TABLES, Home, Table, d


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What all landed events say of one account."""

    account_id: Annotated[str, d("The account.")]
    cluster_uid: Annotated[str | None, d("Cluster it is a member of in the current run.")]
    first_seen: Annotated[datetime, d("Its first event.")]
    last_seen: Annotated[datetime, d("Its last event.")]
    events: Annotated[int, d("All its events.")]
    signed_up_at: Annotated[datetime | None, d("Its first sign-up; null when that lies before the lake.")]
    signup_event_id: Annotated[str | None, d("That sign-up.")]
    program: Annotated[str | None, d("Commercial program at sign-up.")]
    org_id: Annotated[str | None, d("Organisation the account says it belongs to (self-service).")]
    email_domain: Annotated[str | None, d("Mail domain at sign-up.")]
    country: Annotated[str | None, d("Country given at sign-up (ISO 3166-1 alpha-2).")]
    standing: Annotated[str, d("active, suspended or banned, by the provider's last such action.")]
    standing_at: Annotated[datetime | None, d("When that action was; null when there is none.")]
    standing_event_id: Annotated[str | None, d("That action.")]
    banned_at: Annotated[datetime | None, d("First ban.")]
    is_verified: Annotated[bool, d("Whether the provider verified it (action=verified).")]
    requests: Annotated[int, d("API requests.")]
    input_tokens: Annotated[int, d("Tokens read.")]
    output_tokens: Annotated[int, d("Tokens written.")]
    refusals: Annotated[int, d("Requests that the model refused.")]
    rate_limited: Annotated[int, d("Requests answered with HTTP 429.")]
    payments_succeeded: Annotated[int, d("Payments that succeeded.")]
    payments_failed: Annotated[int, d("Payments declined or disputed.")]


class AccountSegments(msgspec.Struct, frozen=True, kw_only=True):
    """Where the events of one account lie, so that a lookup opens no other segment."""

    account_id: Annotated[str, d("The account.")]
    parts: Annotated[
        list[int],
        d("16 × `segments.number`, plus 1 where that segment has sign-ups, 2 payments, 4 requests, 8 actions."),
    ]


class RejectedCount(msgspec.Struct, frozen=True, kw_only=True):
    """Bad records by topic and rule."""

    topic: Annotated[str, d("Name of the topic.")]
    reason: Annotated[str, d("Which rule was broken.")]
    path: Annotated[str, d("JSON path of the field, `$` for the whole record.")]
    records: Annotated[int, d("How many.")]
    bytes: Annotated[int, d("Their size together.")]
    first_landed_at: Annotated[datetime, d("When the first was met (our clock).")]
    last_landed_at: Annotated[datetime, d("When the last was met (our clock).")]


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """What a network is for, as LAKE/networks.csv has it: `asn,network_class,listed_by` on its first line."""

    asn: Annotated[int, d("Autonomous system.")]
    network_class: Annotated[str, d("hosting, residential, mobile, education, vpn, …: in the words of the list.")]
    listed_by: Annotated[str, d("Who says so, and as of when.")]


class SegmentFile(msgspec.Struct, frozen=True, kw_only=True):
    """A segment that holds all events of a day or month; `hydratrace sql` and `query` attach it."""

    number: Annotated[int, d("What `account_segments` calls it.")]
    period: Annotated[str, d("The day, or the month where that is small (UTC).")]
    file: Annotated[str, d("Its name in LAKE/segments.")]
    size_bytes: Annotated[int, d("Its size: a segment never changes.")]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What a table of this file was read from; while that stays the same, the rows are kept as they are."""

    table: Annotated[str, d("The table.")]
    period: Annotated[str, d("Day of the rows (UTC); empty where all are read at once.")]
    digest: Annotated[str, d("SHA-256 of a run's file, or of the names of a Delta table's files, which never change.")]


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """What this case file was made of."""

    run_id: Annotated[str, d("The link run shown.")]
    published_at: Annotated[datetime, d("When (our clock).")]
    code_version: Annotated[str, d("Version of hydratrace that published.")]
    positions: Annotated[str, d("JSON object: application id → end of what had landed.")]
    recipe: Annotated[str, d("SHA-256 of how the file is made: one made otherwise is never built upon.")]


ACCOUNTS = Table("accounts", Home.CASE, "account", struct_columns(Account))
ACCOUNT_SEGMENTS = Table("account_segments", Home.CASE, "account", struct_columns(AccountSegments))
REJECTED_COUNTS = Table("rejected_counts", Home.CASE, "topic × reason × path", struct_columns(RejectedCount))
NETWORKS = Table("networks", Home.CASE, "autonomous system", struct_columns(Network))
SEGMENTS = Table("segments", Home.CASE, "day or small month", struct_columns(SegmentFile))
SOURCES = Table("sources", Home.CASE, "table × day", struct_columns(Source))
PUBLICATION = Table("publication", Home.CASE, "case file", struct_columns(Publication))

LAKE_TABLES = tuple(
    BY_NAME[name]
    for name in (
        "account_key_days", "alerts", "clashes", "decisions", "erasures", "gaps", "matches", "runs", "signup_bursts",
    )
)  # fmt: skip
CASE_TABLES = (
    *(*RUN_TABLES, *EVENT_TABLES, *LAKE_TABLES),
    *(ACCOUNTS, ACCOUNT_SEGMENTS, REJECTED_COUNTS, NETWORKS, SEGMENTS, SOURCES, PUBLICATION),
)

# What the events of one segment say of each of its accounts: a table of the segment.
TALLIES = Table(
    "tallies",
    Home.CASE,
    "account",
    (
        *(column for column in ACCOUNTS.columns if column.name != "cluster_uid"),
        Column("tables", "int", False, "1: it has sign-ups here, 2: payments, 4: requests, 8: actions; their sum."),
    ),
)
