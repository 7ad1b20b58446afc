"""Appends each alert to a file, one line of JSON each: for `tail -f`, log shippers and the demo."""

from pipeline.alerts.receiver import Receiver
from pipeline.alerts.transports import Lines, body, file_of
from pipeline.settings import Hook, Settings


def build(hook: Hook, settings: Settings) -> Receiver:
    """The receiver that `hook` names."""
    return Lines(file_of(hook), body)
