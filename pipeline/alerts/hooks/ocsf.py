"""Writes each alert as an OCSF 1.8 Detection Finding (class 2004), to a file of JSON lines or to a URL."""

from datetime import datetime
from typing import Any

import msgspec

from pipeline.alerts.findings import ENDED, QUIET, Finding, is_over, percent, shown_accounts
from pipeline.alerts.post import VERSION
from pipeline.alerts.receiver import Message, Receiver
from pipeline.alerts.transports import Lines, file_of, file_or_url
from pipeline.settings import Hook, Settings

SCHEMA_VERSION = "1.8.0"
CLASS, CATEGORY = 2004, 2
CREATE, UPDATE, CLOSE = 1, 2, 3
NEW, IN_PROGRESS, RESOLVED = 1, 2, 4
# Nobody has confirmed what an alert says: "suspicious" at most.
SUSPICIOUS, BENIGN, INSUFFICIENT = 4, 5, 7
VERDICTS = {"organisation": BENIGN, "undetermined": INSUFFICIENT}
INFORMATIONAL, MEDIUM, HIGH = 1, 3, 4
SEVERITIES = {"distillation": HIGH, "resale": MEDIUM, "trial_abuse": MEDIUM}
USER_UID = 31  # observable type "User Object: uid"

Object = dict[str, Any]


def build(hook: Hook, settings: Settings) -> Receiver:
    """The receiver that `hook` names."""
    return file_or_url(hook, lambda hook: Lines(file_of(hook), render), render)


def render(message: Message) -> str:
    """The alert as one JSON object; times are milliseconds since 1970, as OCSF counts them."""
    finding, at = message.envelope.data, message.envelope.timestamp
    activity = CLOSE if finding.change in ENDED else CREATE if finding.change == "born" else UPDATE
    calm = is_over(finding) or finding.change in QUIET
    event: Object = {
        "activity_id": activity,
        "category_uid": CATEGORY,
        "class_uid": CLASS,
        "type_uid": CLASS * 100 + activity,
        "time": _millis(at),
        "severity_id": INFORMATIONAL if calm else SEVERITIES.get(finding.verdict, INFORMATIONAL),
        "status_id": RESOLVED if is_over(finding) else NEW if activity == CREATE else IN_PROGRESS,
        "verdict_id": VERDICTS.get(finding.verdict, SUSPICIOUS),
        "confidence_score": percent(finding.confidence),
        "is_alert": True,
        "message": finding.summary,
        "metadata": {
            "version": SCHEMA_VERSION,
            "profiles": ["incident"],  # where verdict_id is from
            "uid": message.alert_uid,
            "correlation_uid": finding.cluster_uid,
            "product": {"name": "hydratrace", "vendor_name": "hydratrace", "version": VERSION},
        },
        "finding_info": _info(finding, at),
        "evidences": _evidences(finding),
        "observables": [
            {"name": "evidences.user.uid", "type_id": USER_UID, "value": account_id}
            for account_id in shown_accounts(finding)
        ],
        "unmapped": {"next_query": finding.next_query, "other_clusters": finding.other_clusters},
    }
    return msgspec.json.encode(event).decode()


def _info(finding: Finding, at: datetime) -> Object:
    tags = {"mitre_f3": finding.f3, "mitre_atlas": finding.atlas, "verdict": [finding.verdict]}
    return {
        "uid": finding.cluster_uid,
        "title": finding.summary,
        "desc": " ".join(f"{reason.rstrip('.')}." for reason in finding.reasons),
        "types": [finding.verdict],
        "created_time": _millis(finding.first_told_at),
        "modified_time": _millis(at),
        "first_seen_time": _millis(finding.first_seen),
        "last_seen_time": _millis(finding.last_seen),
        "attacks": [_attack(uid) for uid in finding.atlas if uid.startswith("AML.T")],
        "tags": [{"name": name, "values": values} for name, values in tags.items() if values],
    }


def _attack(uid: str) -> Object:
    """A technique of MITRE ATLAS; the part after a second dot names a sub-technique."""
    technique = ".".join(uid.split(".")[:2])
    return {"technique": {"uid": technique}} | ({"sub_technique": {"uid": uid}} if uid != technique else {})


def _evidences(finding: Finding) -> list[Object]:
    figures = {
        "accounts": finding.accounts,
        "requests": finding.requests,
        "input_tokens": finding.input_tokens,
        "output_tokens": finding.output_tokens,
        "reasons": finding.reasons,
        "counter_evidence": finding.counter_evidence,
    }
    touched = [
        {"user": {"uid": touch.account_id}, "data": {"kinds": touch.kinds, "event_id": touch.event_id, "at": touch.at}}
        for touch in finding.touches
    ]
    return [{"data": figures}, *({"user": {"uid": member.account_id}} for member in finding.members), *touched]


def _millis(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
