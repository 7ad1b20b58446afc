"""The billing name together with the postcode, of payments that succeeded."""

from graph.signals.signal import Family, Signal

SIGNAL = Signal(
    kind="billing",
    family=Family.PAYMENT,
    table="payment",
    key="billing_name_key || '@' || billing_postcode_key",
    where="outcome = 'succeeded' AND billing_name_key IS NOT NULL AND billing_postcode_key IS NOT NULL",
    sentence="same billing name and postcode ({holders} holders)",
    examples=(({"billing_name_key": "n", "billing_postcode_key": "p", "outcome": "succeeded"}, ("n@p",)),),
)
