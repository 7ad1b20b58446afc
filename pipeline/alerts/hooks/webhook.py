"""Posts each alert as a signed webhook (Standard Webhooks 1.0.0)."""

from datetime import UTC, datetime

from pipeline.alerts.post import Target, post, target
from pipeline.alerts.receiver import Message, Outcome, Receiver
from pipeline.alerts.secret_files import line
from pipeline.alerts.signature import secrets, signed_headers
from pipeline.settings import Hook, Settings


def build(hook: Hook, settings: Settings) -> Receiver:
    """The receiver that `hook` names."""
    return Webhook(target(hook, line(hook, "url_file")), secrets(hook))


class Webhook:
    """An HTTP endpoint that checks our signature."""

    def __init__(self, to: Target, keys: list[bytes]) -> None:
        self.to, self.keys = to, keys

    def deliver(self, message: Message) -> Outcome:
        """Post the body as queued, under the id that all its retries have."""
        body = message.body.encode()
        return post(self.to, body, signed_headers(self.keys, message.alert_uid, datetime.now(UTC), body))
