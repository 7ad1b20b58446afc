"""What a hook is: something that takes one alert and says how that went."""

from typing import Literal, Protocol

import msgspec

from pipeline.alerts.findings import Envelope


class Message(msgspec.Struct, frozen=True):
    """One alert on its way: its id, its body as queued, and the same decoded."""

    alert_uid: str
    body: str
    envelope: Envelope


class Outcome(msgspec.Struct, frozen=True):
    """How a delivery went.

    `delivered`: done. `again`: try again on schedule, `retry_after` seconds from now at the earliest.
    `refused`: this alert will never be taken. `gone`: the receiver wants no more of any alert.
    `detail` goes into tables and terminals: no URL, no secret, nothing the receiver wrote.
    """

    kind: Literal["delivered", "again", "refused", "gone"]
    detail: str
    retry_after: float | None = None


class Receiver(Protocol):
    """A hook, ready to deliver."""

    def deliver(self, message: Message) -> Outcome:
        """Try once, in bounded time; failures are outcomes, not exceptions."""
        ...
