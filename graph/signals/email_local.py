"""The part of the mail address before the @, kept over changes of the provider."""

from graph.signals.signal import Family, Signal

SIGNAL = Signal(
    kind="email_local",
    family=Family.MAIL,
    table="signup",
    key="email_local_key",
    where="true",
    sentence="same mail name at whatever provider ({holders} holders)",
    examples=(({"email_local_key": "l1"}, ("l1",)),),
)
