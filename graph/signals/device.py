"""The device that an account was opened on."""

from graph.signals.signal import Family, Signal

SIGNAL = Signal(
    kind="device",
    family=Family.DEVICE,
    table="signup",
    key="device_key",
    where="device_key IS NOT NULL",
    sentence="same device ({holders} holders)",
    examples=(({"device_key": "d1"}, ("d1",)), ({"device_key": None}, ())),
)
