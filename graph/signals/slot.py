"""A MinHash slot with its value: a phrase of the prompt, which a paraphrase may keep."""

from graph.signals.signal import Family, Signal

SIGNAL = Signal(
    kind="slot",
    family=Family.PHRASE,
    table="usage",
    key="unnest(list_transform(prompt_minhash, lambda value, slot: slot || ':' || value))",
    where="prompt_minhash IS NOT NULL",
    sentence="same rare phrase in prompts ({holders} holders)",
    unit="event",
    daily=False,
    examples=(({"prompt_minhash": [7, 9]}, ("1:7", "2:9")),),
)
