"""The prompt with its variables masked: equality only."""

from graph.signals.signal import Family, Signal

SIGNAL = Signal(
    kind="template",
    family=Family.PROMPT,
    table="usage",
    key="prompt_template_hash",
    where="prompt_template_hash IS NOT NULL",
    sentence="same prompt template ({holders} holders)",
    unit="event",
    examples=(({"prompt_template_hash": "t1"}, ("t1",)),),
)
