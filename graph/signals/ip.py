"""An IP address; of IPv6 the /64, since privacy addresses change daily."""

from graph.signals.signal import Family, Signal

SIGNAL = Signal(
    kind="ip",
    family=Family.NETWORK,
    table="addressed",
    key="coalesce(ip_64_key, ip_key)",
    where="true",
    sentence="same IP address ({holders} holders)",
    unit="block",
    examples=(({"ip_key": "i1", "ip_64_key": None}, ("i1",)), ({"ip_key": "i1", "ip_64_key": "s1"}, ("s1",))),
)
