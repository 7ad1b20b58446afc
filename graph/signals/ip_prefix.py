"""The /24 or /48 of an address."""

from graph.signals.signal import Family, Signal

SIGNAL = Signal(
    kind="ip_prefix",
    family=Family.NETWORK,
    table="addressed",
    key="ip_prefix",
    where="true",
    sentence="same address block ({holders} holders)",
    unit="block",
    examples=(({"ip_prefix": "192.0.2.0/24"}, ("192.0.2.0/24",)),),
)
