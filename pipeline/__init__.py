"""Ground floor: the event contract, decoding, landing into the lake, the simulator and the alert hooks."""
