"""Posts each alert as a signed webhook (Standard Webhooks 1.0.0)."""

from pipeline.alerts.receiver import Receiver
from pipeline.alerts.transports import Posted, body, url_of
from pipeline.errors import UsageError
from pipeline.settings import Hook, Settings


def build(hook: Hook, settings: Settings) -> Receiver:
    """The receiver that `hook` names."""
    url = url_of(hook)
    if not hook.secret_file:
        raise UsageError(f"hook {hook.name} (webhook) has no secret_file", expected="the name of a file")
    return Posted(hook, url, body)
