"""The signals, a flat list: add a module with a SIGNAL and name it here."""

from graph.signals import (
    billing,
    card,
    client,
    conversation,
    device,
    email,
    email_domain,
    email_local,
    failover,
    handover,
    ip,
    ip_prefix,
    slot,
    system,
    template,
)
from graph.signals.signal import Signal

SIGNALS: tuple[Signal, ...] = (
    card.SIGNAL,
    billing.SIGNAL,
    device.SIGNAL,
    email.SIGNAL,
    email_local.SIGNAL,
    email_domain.SIGNAL,
    ip.SIGNAL,
    ip_prefix.SIGNAL,
    client.SIGNAL,
    system.SIGNAL,
    template.SIGNAL,
    conversation.SIGNAL,
    slot.SIGNAL,
    failover.SIGNAL,
    handover.SIGNAL,
)
BY_KIND = {signal.kind: signal for signal in SIGNALS}
