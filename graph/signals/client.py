"""The TLS fingerprint together with the user agent."""

from graph.signals.signal import Family, Signal

SIGNAL = Signal(
    kind="client",
    family=Family.CLIENT,
    table="addressed",
    key="ja4 || ' ' || user_agent",
    where="ja4 IS NOT NULL AND user_agent IS NOT NULL",
    sentence="same uncommon client software ({holders} holders)",
    examples=(({"ja4": "t13d", "user_agent": "httpx"}, ("t13d httpx",)), ({"ja4": None, "user_agent": "httpx"}, ())),
)
