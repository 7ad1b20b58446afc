"""Posts each alert as a signed webhook (Standard Webhooks 1.0.0)."""

from pipeline.alerts.faults import together
from pipeline.alerts.receiver import Receiver
from pipeline.alerts.signature import secrets
from pipeline.alerts.transports import Posted, body, target_of
from pipeline.settings import Hook, Settings


def build(hook: Hook, settings: Settings) -> Receiver:
    """The receiver that `hook` names."""
    to, keys = together(lambda: target_of(hook), lambda: secrets(hook))
    return Posted(to, keys, body)
