"""The mail domain; the big providers are too common to weigh anything."""

from graph.signals.signal import Family, Signal

SIGNAL = Signal(
    kind="email_domain",
    family=Family.MAIL,
    table="signup",
    key="email_domain",
    where="email_domain IS NOT NULL",
    sentence="same uncommon mail domain ({holders} holders)",
    examples=(({"email_domain": "corp.example"}, ("corp.example",)),),
)
