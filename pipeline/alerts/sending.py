"""From the outbox to one receiver: tries what is due, writes down how it went, and stops early at a dead one."""

import time
from collections.abc import Callable
from datetime import datetime

import msgspec

from pipeline.alerts.outbox import Outbox, envelope
from pipeline.alerts.receiver import Message, Outcome, Receiver
from pipeline.alerts.schedule import next_try
from pipeline.contract.tables import Alert

# So many failures in a row are the receiver's fault, not an alert's: the rest waits for the next try.
CIRCUIT = 3
# A pass starts no new try after this long, so that one slow receiver cannot hold up the next link run.
PASS_SECONDS = 30.0

Clock = Callable[[], datetime]


class Sent(msgspec.Struct):
    """What one pass did: deliveries made, to be tried again, given up; and the last failure."""

    delivered: int = 0
    again: int = 0
    failed: int = 0
    failure: str = ""


def send_due(outbox: Outbox, receiver: Receiver, clock: Clock) -> Sent:
    """Try everything that is due once, oldest first; each outcome is recorded before the next try."""
    sent, failures, stop = Sent(), 0, time.monotonic() + PASS_SECONDS
    waiting: set[str] = set()  # clusters whose news waits for what was queued before
    for alert in outbox.due(clock()):
        if alert.cluster_uid in waiting:
            continue
        outcome = receiver.deliver(Message(alert.alert_uid, alert.body or "", envelope(alert)))
        after = transition(alert, outcome, clock())
        _count(sent, after)
        if outcome.kind == "gone":
            outbox.record([after, *(_disabled(other, clock()) for other in outbox.pending() if other != alert)])
            break
        failures = failures + 1 if outcome.kind == "again" else 0
        if after.state == "pending":
            waiting.add(alert.cluster_uid)
        # One note for all that is owed: a row for each would be ten thousand at every try of a dead receiver.
        held = outcome.kind == "again" and bool(outcome.retry_after or failures == CIRCUIT)
        outbox.record([after], hold_until=next_try(1, clock(), outcome.retry_after) if held else None)
        if held or time.monotonic() > stop:
            break
    return sent


def transition(alert: Alert, outcome: Outcome, now: datetime) -> Alert:
    """The row that says how a try of `alert` went."""
    attempts = alert.attempts + 1
    due_at = next_try(attempts, now, outcome.retry_after) if outcome.kind == "again" else None
    state = {"delivered": "delivered", "gone": "disabled", "refused": "failed"}.get(
        outcome.kind, "pending" if due_at else "failed"
    )
    return msgspec.structs.replace(
        alert, state=state, attempts=attempts, at=now, due_at=due_at, detail=outcome.detail, body=None
    )


def _disabled(alert: Alert, now: datetime) -> Alert:
    detail = "the receiver wants no more alerts"
    return msgspec.structs.replace(alert, state="disabled", at=now, due_at=None, detail=detail, body=None)


def _count(sent: Sent, after: Alert) -> None:
    if after.state == "delivered":
        sent.delivered += 1
        return
    sent.failure = after.detail
    if after.state == "pending":
        sent.again += 1
    else:
        sent.failed += 1
