"""Every table: its grain, where it lies, and its columns."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from pipeline.contract.events import TOPICS, Usage
from pipeline.contract.schema import Column, event_columns, struct_columns


class Home(StrEnum):
    """Where a table lies in the lake."""

    EVENTS = "events"  # LAKE/<table>/, Delta, appended by landing
    LAKE = "lake"  # LAKE/<table>/, Delta
    RUN = "run"  # LAKE/runs/<run_id>/<table>.parquet, immutable
    CASE = "case"  # in the case file only


class Table(msgspec.Struct, frozen=True):
    """A table of the contract; `partition_by` names the Delta partition column, if any."""

    name: str
    home: Home
    grain: str
    columns: tuple[Column, ...]
    partition_by: str = ""


def d(text: str) -> msgspec.Meta:
    """Describe a column."""
    return msgspec.Meta(description=text)


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a record was read: its evidence address."""

    topic_id: Annotated[str, msgspec.Meta(description="Id of the Kafka topic, or the relative path of the file.")]
    topic: Annotated[str, msgspec.Meta(description="Name of the topic.")]
    partition: Annotated[int, msgspec.Meta(description="Kafka partition, or a stable hash of the file's path.")]
    offset: Annotated[int, msgspec.Meta(description="Kafka offset, or the byte offset of the line.")]


ADDRESS = tuple(Column(f"_{c.name}", c.type, c.nullable, c.description) for c in struct_columns(Address))
LANDED_AT = Column("_landed_at", "timestamp", False, "When the row was landed (our clock).")


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """A record that broke the contract."""

    kafka_time: Annotated[datetime | None, d("The record's own Kafka timestamp; null in a file.")]
    reason: Annotated[str, d("Which rule was broken (see the list of reasons).")]
    detail: Annotated[str, d("The rule in words; never a value of the record.")]
    path: Annotated[str, d("JSON path of the field, `$` for the whole record.")]
    raw: Annotated[
        str | None, d("Known fields as JSON, sensitive ones as tokens, without the prompt; null if unparseable.")
    ]
    size_bytes: Annotated[int, d("Length of the record.")]
    digest: Annotated[str, d("Keyed digest of the record's bytes.")]
    kafka_key: Annotated[str | None, d("Token of the Kafka key.")]


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Offsets that were lost before they could be read, and somebody said to go on."""

    end_offset: Annotated[
        int | None, d("First offset after the gap (`_offset` is the first one lost); null if unknown.")
    ]
    reason: Annotated[str, d("retention, or topic re-created.")]
    recorded_at: Annotated[datetime, d("When we were told to go on (our clock).")]


class Clash(msgspec.Struct, frozen=True, kw_only=True):
    """An event id that came with two contents; the lowest address counts."""

    event_id: Annotated[str, d("The id used twice.")]
    table: Annotated[str, d("Table of the two rows.")]
    event_date: Annotated[date, d("Day of the two rows.")]
    kept_topic_id: Annotated[str, d("Topic id of the row that counts.")]
    kept_partition: Annotated[int, d("Partition of the row that counts.")]
    kept_offset: Annotated[int, d("Offset of the row that counts.")]
    reason: Annotated[str, d("What differs.")]


class AccountKeyDay(msgspec.Struct, frozen=True, kw_only=True):
    """What one account showed of one key (but phrases) on one day, each event counted once."""

    event_date: Annotated[date, d("The day (UTC).")]
    account_id: Annotated[str, d("The account.")]
    kind: Annotated[str, d("Kind of key: card, device, ip, …")]
    key: Annotated[str, d("Value of the key (a token where the value is personal).")]
    first_event: Annotated[str, d("event_id of the day's first event with the key.")]
    last_event: Annotated[str, d("event_id of the day's last event with the key.")]
    first_seen: Annotated[datetime, d("event_time of the first event.")]
    last_seen: Annotated[datetime, d("event_time of the last event.")]
    events: Annotated[int, d("Distinct events of the day with the key.")]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A link run; it exists when this row does."""

    run_id: Annotated[str, d("Id of the link run.")]
    started_at: Annotated[datetime, d("When the run started (our clock).")]
    as_of: Annotated[datetime | None, d("Only events before this instant; null for all landed.")]
    positions: Annotated[str, d("JSON object: application id (topic id/partition or path) → end of what was read.")]
    previous_run_id: Annotated[str | None, d("Run whose lineage was continued.")]
    code_version: Annotated[str, d("Version of hydratrace.")]
    settings_hash: Annotated[str, d("SHA-256 of the settings that bear on the result.")]
    files: Annotated[str, d("JSON object: file → its SHA-256 and row count.")]


class AccountKey(msgspec.Struct, frozen=True, kw_only=True):
    """What one account showed of one key over all days: keys of two accounts or more, and all keys of members."""

    run_id: Annotated[str, d("Id of the link run.")]
    account_id: Annotated[str, d("The account.")]
    kind: Annotated[str, d("Kind of key.")]
    key: Annotated[str, d("Value of the key.")]
    first_seen: Annotated[datetime, d("First event with the key.")]
    last_seen: Annotated[datetime, d("Last event with the key.")]
    events: Annotated[int, d("Distinct events with the key.")]
    accounts: Annotated[int, d("How many accounts have the key (its degree).")]


class StrangerNull(msgspec.Struct, frozen=True, kw_only=True):
    """How often strangers agree: the proof behind the weights."""

    run_id: Annotated[str, d("Id of the link run.")]
    family: Annotated[str, d("Family of evidence.")]
    weight: Annotated[int, d("Agreement of at least this weight, in micro-nats.")]
    pairs_expected: Annotated[float, d("Pairs of strangers expected in the population that agree at least this much.")]


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Two accounts that are linked."""

    run_id: Annotated[str, d("Id of the link run.")]
    account_l: Annotated[str, d("The lesser account id.")]
    account_r: Annotated[str, d("The greater account id.")]
    weight: Annotated[int, d("Sum of the evidence, in micro-nats.")]
    expected_by_chance: Annotated[float, d("Pairs of strangers expected in the population with this weight or more.")]


class LinkEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """One reason for a link."""

    run_id: Annotated[str, d("Id of the link run.")]
    account_l: Annotated[str, d("The lesser account id.")]
    account_r: Annotated[str, d("The greater account id.")]
    signal: Annotated[str, d("Signal that speaks.")]
    key: Annotated[str, d("Value that both share.")]
    weight: Annotated[int, d("What it adds to the link, in micro-nats.")]
    explanation: Annotated[str, d("The reason as a sentence.")]
    event_l: Annotated[str, d("event_id that shows it on the left account.")]
    event_r: Annotated[str, d("event_id that shows it on the right account.")]


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """A group of accounts that one operator is behind, with a verdict."""

    run_id: Annotated[str, d("Id of the link run.")]
    cluster_uid: Annotated[str, d("Identity that lasts over runs.")]
    revision: Annotated[int, d("Grows by one at each material change.")]
    verdict: Annotated[
        Literal["distillation", "resale", "trial_abuse", "organisation", "undetermined"],
        d("What the pooled traffic says; accused are distillation and trial_abuse."),
    ]
    confidence: Annotated[float, d("Share of members who themselves show what the verdict rests on, 0 to 1.")]
    accounts: Annotated[int, d("How many members.")]
    first_seen: Annotated[datetime, d("First event of a member.")]
    last_seen: Annotated[datetime, d("Last event of a member.")]
    requests: Annotated[int, d("API requests of all members.")]
    input_tokens: Annotated[int, d("Tokens read.")]
    output_tokens: Annotated[int, d("Tokens written.")]
    reasons: Annotated[list[str], d("What speaks for the verdict, with figures.")]
    counter_evidence: Annotated[list[str], d("What speaks against it.")]
    fragility: Annotated[list[str], d("What remains when one family of evidence is left out.")]


class ClusterMember(msgspec.Struct, frozen=True, kw_only=True):
    """An account in a cluster."""

    run_id: Annotated[str, d("Id of the link run.")]
    cluster_uid: Annotated[str, d("The cluster.")]
    account_id: Annotated[str, d("The account.")]
    confidence: Annotated[float, d("Of the membership, 0 to 1.")]
    joined_at: Annotated[datetime, d("First event that ties the account to the cluster.")]
    is_bridge: Annotated[bool, d("Whether the cluster falls apart without this account.")]


class MemberEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """Why an account is in its cluster."""

    run_id: Annotated[str, d("Id of the link run.")]
    cluster_uid: Annotated[str, d("The cluster.")]
    account_id: Annotated[str, d("The account.")]
    signal: Annotated[str, d("Signal that speaks; negative weight speaks against.")]
    weight: Annotated[int, d("What it adds, in micro-nats.")]
    explanation: Annotated[str, d("The reason as a sentence.")]


class ClusterLineage(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a cluster's life."""

    run_id: Annotated[str, d("Id of the link run.")]
    cluster_uid: Annotated[str, d("The cluster.")]
    event: Annotated[
        Literal["born", "grew", "shrank", "merged_into", "split_from", "retired"], d("What happened in this run.")
    ]
    other_uid: Annotated[str | None, d("The other cluster of a merge or split.")]


class ExtractionLedger(msgspec.Struct, frozen=True, kw_only=True):
    """What a cluster took on one day, by task and model."""

    run_id: Annotated[str, d("Id of the link run.")]
    cluster_uid: Annotated[str, d("The cluster.")]
    day: Annotated[date, d("The day (UTC).")]
    task: Annotated[str, d("The provider's classification; empty where none was given.")]
    model: Annotated[str, d("Model asked for.")]
    requests: Annotated[int, d("Distinct requests.")]
    input_tokens: Annotated[int, d("Tokens read.")]
    output_tokens: Annotated[int, d("Tokens written.")]
    refusals: Annotated[int, d("Requests that the model refused.")]


class SignupBurst(msgspec.Struct, frozen=True, kw_only=True):
    """Sign-ups of one key in five minutes, against the key's own past."""

    event_date: Annotated[date, d("Day of the window (UTC); the partition column.")]
    kind: Annotated[str, d("Kind of key: prefix, domain, ja4, device, program.")]
    key: Annotated[str, d("Value of the key.")]
    window_start: Annotated[datetime, d("Start of the five minutes.")]
    signups: Annotated[int, d("Sign-ups counted; 2 or more.")]
    expected: Annotated[float, d("Sign-ups expected from the key's own past.")]
    surprise: Annotated[float, d("−ln of the Poisson probability of at least as many, in nats; stored from ln 20 on.")]


class WatchedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A rare key of a cluster, which landing looks out for: who shows it next is likely the cluster's."""

    run_id: Annotated[str, d("Id of the link run.")]
    cluster_uid: Annotated[str, d("The cluster.")]
    account_id: Annotated[str, d("A member that has the key.")]
    kind: Annotated[str, d("Kind of key.")]
    key: Annotated[str, d("Value of the key.")]
    family: Annotated[str, d("Family of evidence.")]
    is_circumstantial: Annotated[bool, d("Whether it tells only beside a key of another family (addresses, mail, …).")]
    accounts: Annotated[int, d("How many accounts have the key (its degree), members and others.")]
    weight: Annotated[int, d("ln of the odds that the next account with the key is the cluster's, in micro-nats.")]


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """An event that touched a rare key of a known operator as it landed; its account was no member yet."""

    event_id: Annotated[str, d("The event; a producer's retry of it is a row of its own, at another address.")]
    event_time: Annotated[datetime, d("When it happened.")]
    account_id: Annotated[str, d("Its account.")]
    cluster_uid: Annotated[str, d("The operator touched.")]
    kind: Annotated[str, d("Kind of key.")]
    key: Annotated[str, d("Value of the key.")]
    weight: Annotated[int, d("ln of the odds that the account is the operator's, in micro-nats (watched_keys).")]
    run_id: Annotated[str, d("Link run whose watched_keys have the key.")]
    matched_at: Annotated[datetime, d("When it was seen (our clock).")]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """An investigator's word."""

    cluster_uid: Annotated[str, d("The cluster.")]
    disposition: Annotated[str, d("OCSF verdict word: true_positive, false_positive, benign, …")]
    reason: Annotated[str, d("Why.")]
    decided_by: Annotated[str, d("Who.")]
    decided_at: Annotated[datetime, d("When (our clock).")]


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """An account was erased from a table; the first entry of each erasure names no table, the last one all."""

    account_token: Annotated[str, d("Token of the account id, of a kind of its own.")]
    table: Annotated[str, d("Table that rows left; empty: the erasure began; `*`: nothing is left to do.")]
    rows: Annotated[int, d("How many.")]
    run_id: Annotated[str | None, d("Link run of whose table it is; null for a Delta table.")]
    sha256_before: Annotated[str | None, d("SHA-256 of the run's file before.")]
    sha256_after: Annotated[str | None, d("SHA-256 of the file that took its place.")]
    erased_by: Annotated[str, d("Who.")]
    erased_at: Annotated[datetime, d("When (our clock).")]


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """Rows left a table by age; written before they leave."""

    table: Annotated[str, d("Table that rows left; `runs`: link runs with their files.")]
    before: Annotated[datetime, d("What is older than this left, but for what open cases hold.")]
    rows: Annotated[int, d("How many.")]
    retained_at: Annotated[datetime, d("When (our clock).")]


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A transition of a delivery; rows are only ever added."""

    alert_uid: Annotated[str, d("Id of the delivery: the receiver's dedup key, the same over retries.")]
    cluster_uid: Annotated[str, d("The cluster.")]
    revision: Annotated[int, d("Revision of the cluster.")]
    hook: Annotated[str, d("Name of the hook.")]
    state: Annotated[Literal["pending", "delivered", "failed", "disabled"], d("State after this transition.")]
    attempts: Annotated[int, d("Sends tried so far.")]
    at: Annotated[datetime, d("When (our clock).")]
    due_at: Annotated[datetime | None, d("With `pending`: the next send, not before this instant.")]
    detail: Annotated[str, d("What the receiver said, or why it failed; no secrets.")]
    body: Annotated[str | None, d("With `pending`: the payload as it will be sent.")]


FINGERPRINT_VERSION = Column(
    "fingerprint_version", "string", True, "Recipe of the prompt hashes: `producer`, or ours; never match across."
)


def _event_table(name: str, grain: str, columns: tuple[Column, ...]) -> Table:
    day = Column("event_date", "date", False, "Day of event_time (UTC); the partition column.")
    return Table(name, Home.EVENTS, grain, (*columns, day, *ADDRESS, LANDED_AT), partition_by="event_date")


def _event_tables() -> tuple[Table, ...]:
    made = []
    for topic in TOPICS:
        columns = event_columns(topic.record)
        if topic.record is Usage:
            columns = (*columns, FINGERPRINT_VERSION)
        made.append(_event_table(topic.table, f"event of {topic.name}", columns))
    return tuple(made)


def _addressed(record: type[msgspec.Struct]) -> tuple[Column, ...]:
    return (*ADDRESS, *struct_columns(record))


TABLES = (
    *_event_tables(),
    Table("rejected", Home.LAKE, "bad record", (*_addressed(Rejected), LANDED_AT)),
    Table("gaps", Home.LAKE, "lost span of offsets", _addressed(Gap)),
    Table("clashes", Home.LAKE, "event_id with two contents", _addressed(Clash)),
    Table(
        "account_key_days", Home.LAKE, "account × key × day", struct_columns(AccountKeyDay), partition_by="event_date"
    ),
    Table(
        "signup_bursts",
        Home.LAKE,
        "key × surprising 5-minute window",
        struct_columns(SignupBurst),
        partition_by="event_date",
    ),
    Table("matches", Home.LAKE, "event × rare key of a known operator", _addressed(Match)),
    Table("decisions", Home.LAKE, "an investigator's word", struct_columns(Decision)),
    Table("alerts", Home.LAKE, "transition of a delivery", struct_columns(Alert)),
    Table("erasures", Home.LAKE, "account erased × table", struct_columns(Erasure)),
    Table("retentions", Home.LAKE, "table × retention that took rows", struct_columns(Retention)),
    Table("runs", Home.LAKE, "link run", struct_columns(Run)),
    Table("account_keys", Home.RUN, "account × key", struct_columns(AccountKey)),
    Table("stranger_null", Home.RUN, "family × agreement", struct_columns(StrangerNull)),
    Table("links", Home.RUN, "linked pair", struct_columns(Link)),
    Table("link_evidence", Home.RUN, "pair × signal × key", struct_columns(LinkEvidence)),
    Table("clusters", Home.RUN, "operator", struct_columns(Cluster)),
    Table("cluster_members", Home.RUN, "account in a cluster", struct_columns(ClusterMember)),
    Table("member_evidence", Home.RUN, "account × signal", struct_columns(MemberEvidence)),
    Table("cluster_lineage", Home.RUN, "event of a cluster's life", struct_columns(ClusterLineage)),
    Table("extraction_ledger", Home.RUN, "cluster × day × task × model", struct_columns(ExtractionLedger)),
    Table("watched_keys", Home.RUN, "rare key of a cluster × member", struct_columns(WatchedKey)),
)
BY_NAME = {table.name: table for table in TABLES}
EVENT_TABLES = tuple(table for table in TABLES if table.home is Home.EVENTS)
RUN_TABLES = tuple(table for table in TABLES if table.home is Home.RUN)
