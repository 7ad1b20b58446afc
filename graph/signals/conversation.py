"""The first turn of a conversation: what may be passed on to another account (see failover and handover).

Used at other times it is an opening, of which templates and phrases tell more, so it links nobody by itself.
"""

from graph.signals.signal import Family, Signal

SIGNAL = Signal(
    kind="conversation",
    family=Family.PROMPT,
    table="usage",
    key="conversation_prefix_hash",
    where="conversation_prefix_hash IS NOT NULL",
    sentence="same first turn of a conversation ({holders} holders)",
    unit="event",
    examples=(({"conversation_prefix_hash": "v1"}, ("v1",)),),
)
