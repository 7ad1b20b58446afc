"""The system prompt."""

from graph.signals.signal import Family, Signal

SIGNAL = Signal(
    kind="system",
    family=Family.PROMPT,
    table="usage",
    key="system_hash",
    where="system_hash IS NOT NULL",
    sentence="same system prompt ({holders} holders)",
    unit="event",
    examples=(({"system_hash": "s1"}, ("s1",)),),
)
