"""Triggers, updates and resolves one PagerDuty incident per cluster (Events API v2)."""

from typing import Any

import msgspec

from pipeline.alerts.faults import together
from pipeline.alerts.findings import QUIET, Finding, is_over
from pipeline.alerts.receiver import Message, Receiver
from pipeline.alerts.secret_files import line
from pipeline.alerts.transports import Posted, target_of
from pipeline.errors import UsageError
from pipeline.settings import Hook, Settings

URL = "https://events.pagerduty.com/v2/enqueue"
KEY_CHARACTERS = 32
# PagerDuty retries nothing but 429 and 5xx: 400 is an event that it will never take.
REFUSED = (400,)
SEVERITIES = {"distillation": "critical", "resale": "warning", "trial_abuse": "warning"}
SUMMARY_CHARACTERS = 1024


def build(hook: Hook, settings: Settings) -> Receiver:
    """The receiver that `hook` names; `url_file` is for other service regions than the first."""
    to, key = together(lambda: target_of(hook, URL), lambda: _routing_key(hook))
    return Posted(to, [], lambda message: render(message, key), refused=REFUSED)


def render(message: Message, routing_key: str) -> str:
    """The alert as an event. The dedup key is the cluster's, so that its end resolves the incident of its beginning."""
    finding = message.envelope.data
    event: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": _action(finding),
        "dedup_key": f"hydratrace/{finding.cluster_uid}",
        "payload": {
            "summary": finding.summary[:SUMMARY_CHARACTERS],
            "source": "hydratrace",
            "severity": SEVERITIES.get(finding.verdict, "info"),
            "timestamp": message.envelope.timestamp,
            "component": finding.cluster_uid,
            "class": finding.verdict,
            "custom_details": finding,
        },
    }
    return msgspec.json.encode(event).decode()


def _action(finding: Finding) -> str:
    """An acknowledgement makes no noise, and PagerDuty drops one whose incident is not open."""
    if finding.change in QUIET:
        return "acknowledge"
    return "resolve" if is_over(finding) else "trigger"


def _routing_key(hook: Hook) -> str:
    key = line(hook, "secret_file")
    if len(key) != KEY_CHARACTERS or not key.isalnum():
        expected = f"a routing key of {KEY_CHARACTERS} letters and digits"
        raise UsageError(f"hook {hook.name}: the key in {hook.secret_file} is malformed", expected=expected)
    return key
