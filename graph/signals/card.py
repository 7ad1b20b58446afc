"""A card that a payment succeeded with; a declined payment proves no possession and links nobody."""

from graph.signals.signal import Family, Signal

SIGNAL = Signal(
    kind="card",
    family=Family.PAYMENT,
    table="payment",
    key="card_key",
    where="outcome = 'succeeded' AND card_key IS NOT NULL",
    sentence="same card ({holders} holders)",
    examples=(({"card_key": "c1", "outcome": "succeeded"}, ("c1",)), ({"card_key": "c1", "outcome": "declined"}, ())),
)
