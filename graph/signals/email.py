"""The whole mail address, with tags and dots that the provider ignores removed."""

from graph.signals.signal import Family, Signal

SIGNAL = Signal(
    kind="email",
    family=Family.MAIL,
    table="signup",
    key="email_key",
    where="true",
    sentence="same mail address after removing tags ({holders} holders)",
    examples=(({"email_key": "m1"}, ("m1",)),),
)
