"""What an alert says: one finding about one cluster, the same for every receiver."""

import math
import uuid
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from pipeline.alerts.text import clean
from pipeline.contract.tables import Alert, Cluster, ClusterMember, d

Change = Literal[
    "born", "grew", "shrank", "absorbed", "revised", "verdict_changed", "merged_into", "retired", "reopened", "touched",
    "aged", "aged_out"
]  # fmt: skip
ENDED = frozenset({"merged_into", "retired"})
CLOSING = ENDED | {"aged_out"}
# Told so that nobody wonders, and calls for nothing: what it was held for is as true as before.
QUIET = frozenset({"aged", "aged_out"})

# Root of all ids of deliveries: made once at random, never to change.
NAMESPACE = uuid.UUID("5d0f1f0e-6c0b-4c34-9d0a-2f6a3f0b8a41")

# Standard Webhooks asks for bodies below 20 kB: these bounds keep there even if every character takes 4 bytes.
MOST_REASONS, REASON_CHARACTERS = 5, 200
MOST_MEMBERS, ID_CHARACTERS = 10, 128
MOST_OTHERS = 5
MOST_TOUCHES = 5

# MITRE ATLAS ids; CS0056 is the case study of distillation campaigns.
ATLAS: dict[str, tuple[str, ...]] = {
    "distillation": ("AML.CS0056", "AML.T0024.002", "AML.T0021"),
    "resale": ("AML.T0008.005", "AML.T0021"),
    "trial_abuse": ("AML.T0021",),
}
# MITRE F3: T1585 establish accounts, F1002.002 abuse of a public web API. F1048 (virtual cards) is not tagged: no
# table says which cards are virtual.
F3: dict[str, tuple[str, ...]] = {
    "distillation": ("T1585", "F1002.002"),
    "resale": ("T1585", "F1002.002"),
    "trial_abuse": ("T1585",),
}

WORDS: dict[str, str] = {
    "born": "new operator",
    "grew": "operator grew",
    "shrank": "operator shrank",
    "absorbed": "operator absorbed others",
    "revised": "operator changed",
    "verdict_changed": "verdict changed",
    "merged_into": "operator merged into another",
    "retired": "operator retired",
    "reopened": "operator is back",
    "touched": "known operator touched",
    "aged": "part of an operator's events has left by age",
    "aged_out": "an operator's events have left by age",
}


class Member(msgspec.Struct, frozen=True):
    """One of the surest members."""

    account_id: str
    confidence: float


class Touch(msgspec.Struct, frozen=True, kw_only=True):
    """An account that is no member and showed rare keys of the operator; which keys is for the lake to say."""

    account_id: str
    kinds: Annotated[list[str], d("Kinds of key that it showed: card, device, conversation, …")]
    event_id: Annotated[str, d("Its first event that showed one.")]
    at: Annotated[datetime, d("When that was.")]


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a cluster at one revision; a closing finding repeats the last known figures."""

    alert_uid: Annotated[str, d("Id of this delivery, the same over retries.")]
    change: Annotated[Change, d("What is new, compared with what this receiver was last told.")]
    summary: Annotated[str, d("The finding in one line.")]
    cluster_uid: Annotated[str, d("Identity of the operator, kept over runs.")]
    revision: Annotated[int, d("Grows with each material change.")]
    run_id: Annotated[str, d("Link run that shows it.")]
    verdict: Annotated[str, d("What the pooled traffic says.")]
    previous_verdict: Annotated[str | None, d("With verdict_changed: what was told before.")]
    confidence: Annotated[float, d("Of the verdict, 0 to 1.")]
    accounts: Annotated[int, d("How many members.")]
    members: Annotated[list[Member], d("The surest members, at most ten.")]
    first_told_at: Annotated[datetime, d("When this receiver's first alert about the cluster was queued.")]
    first_seen: Annotated[datetime, d("First event of a member.")]
    last_seen: Annotated[datetime, d("Last event of a member.")]
    requests: Annotated[int, d("API requests of all members.")]
    input_tokens: Annotated[int, d("Tokens read.")]
    output_tokens: Annotated[int, d("Tokens written.")]
    reasons: Annotated[list[str], d("What speaks for the verdict, strongest first.")]
    counter_evidence: Annotated[list[str], d("What speaks against it.")]
    other_clusters: Annotated[list[str], d("Clusters it absorbed, or the one it merged into.")]
    atlas: Annotated[list[str], d("MITRE ATLAS ids.")]
    f3: Annotated[list[str], d("MITRE Fight Fraud Framework ids.")]
    next_query: Annotated[str, d("What to type next.")]
    touched_by: Annotated[int, d("With touched: how many accounts that the receiver had not heard of.")] = 0
    touches: Annotated[list[Touch], d("With touched: the newest of them, at most five.")] = []


def shown_accounts(finding: Finding) -> list[str]:
    """Accounts that the finding names: members, or who touched the operator."""
    return [member.account_id for member in finding.members] + [touch.account_id for touch in finding.touches]


class Envelope(msgspec.Struct, frozen=True):
    """Body of an alert as Standard Webhooks shapes it."""

    type: str
    timestamp: datetime
    data: Finding


def alert_uid(hook: str, cluster_uid: str, revision: int, after: str = "") -> str:
    """Id of the delivery of a cluster's revision to a hook.

    What leaves the revision as it is (slow growth, closing, reopening) names the delivery that it comes `after`.
    """
    return str(uuid.uuid5(NAMESPACE, "\0".join((hook, cluster_uid, str(revision), after))))


class News(msgspec.Struct, frozen=True):
    """One thing to tell: about a `cluster` of the run, or (None) the end of the one last `told` of."""

    change: Change
    cluster: Cluster | None
    told: Finding | None
    others: list[str]


def open_finding(uid: str, item: News, members: list[ClusterMember], at: datetime) -> Finding:
    """The finding about the cluster of `item` as the current run shows it."""
    change, cluster, told = item.change, item.cluster, item.told
    assert cluster
    surest = sorted(members, key=lambda member: (-member.confidence, member.account_id))[:MOST_MEMBERS]
    cluster_uid = clean(cluster.cluster_uid, ID_CHARACTERS)
    return Finding(
        alert_uid=uid,
        change=change,
        summary=summary(change, cluster.verdict, cluster.confidence, cluster.accounts),
        cluster_uid=cluster_uid,
        revision=cluster.revision,
        run_id=cluster.run_id,
        verdict=cluster.verdict,
        previous_verdict=told.verdict if told and change == "verdict_changed" else None,
        confidence=cluster.confidence,
        accounts=cluster.accounts,
        members=[Member(clean(m.account_id, ID_CHARACTERS), m.confidence) for m in surest],
        first_told_at=told.first_told_at if told else at,
        first_seen=cluster.first_seen,
        last_seen=cluster.last_seen,
        requests=cluster.requests,
        input_tokens=cluster.input_tokens,
        output_tokens=cluster.output_tokens,
        reasons=_lines(cluster.reasons),
        counter_evidence=_lines(cluster.counter_evidence),
        other_clusters=[clean(other, ID_CHARACTERS) for other in item.others[:MOST_OTHERS]],
        atlas=list(ATLAS.get(cluster.verdict, ())),
        f3=list(F3.get(cluster.verdict, ())),
        next_query=f"hydratrace query cluster_members --param cluster={cluster_uid}",
    )


def closing_finding(uid: str, item: News, run_id: str) -> Finding:
    """The finding that the cluster last told of is no more, with its last known figures."""
    change, told = item.change, item.told
    assert told
    return msgspec.structs.replace(
        told,
        alert_uid=uid,
        change=change,
        summary=summary(change, told.verdict, told.confidence, told.accounts),
        run_id=run_id,
        previous_verdict=None,
        other_clusters=[clean(other, ID_CHARACTERS) for other in item.others[:MOST_OTHERS]],
    )


def summary(change: str, verdict: str, confidence: float, accounts: int) -> str:
    """One line, free of attacker-written text."""
    noun = "account" if accounts == 1 else "accounts"
    return f"{WORDS[change]}: {verdict.replace('_', ' ')}, {accounts:,} {noun}, confidence {percent(confidence)} %"


def percent(confidence: float) -> int:
    """A confidence in whole percent, rounded down: 0.997 is not certainty."""
    return math.floor(confidence * 100 + 1e-9)


def is_over(finding: Finding) -> bool:
    """Whether the receiver should close what it opened: the cluster is no more, or no longer held against anybody."""
    taken_back = finding.change == "verdict_changed" and finding.verdict in ("organisation", "undetermined")
    return finding.change in ENDED or taken_back


def body(finding: Finding, at: datetime) -> str:
    """The finding in its envelope, as JSON on one line."""
    return msgspec.json.encode(Envelope(f"cluster.{finding.change}", at, finding)).decode()


def delivery(hook: str, finding: Finding, at: datetime, due_at: datetime) -> Alert:
    """The first row of a delivery of `finding` to `hook`."""
    return Alert(
        alert_uid=finding.alert_uid,
        cluster_uid=finding.cluster_uid,
        revision=finding.revision,
        hook=hook,
        state="pending",
        attempts=0,
        at=at,
        due_at=due_at,
        detail="queued",
        body=body(finding, at),
    )


def _lines(lines: list[str]) -> list[str]:
    return [clean(line, REASON_CHARACTERS) for line in lines[:MOST_REASONS]]
