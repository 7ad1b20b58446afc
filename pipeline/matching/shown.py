"""The keys that a landed event shows, by table and kind, as the signals of the graph floor draw them."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

# Rows of an event table → the key that each shows, or null.
Draw = Callable[[pa.Table], pa.ChunkedArray]

ANSWERED = 400  # HTTP statuses below it: a conversation that was refused again has not moved


def _column(name: str) -> Draw:
    return lambda rows: rows[name]


def _joined(left: str, right: str, between: str) -> Draw:
    return lambda rows: pc.binary_join_element_wise(rows[left], rows[right], between)


def _paid(draw: Draw) -> Draw:
    """Only of payments that succeeded: a declined one proves no possession."""
    return lambda rows: pc.if_else(pc.equal(rows["outcome"], "succeeded"), draw(rows), None)


SHOWN: dict[str, dict[str, Draw]] = {
    "signup": {
        "device": _column("device_key"),
        "email": _column("email_key"),
        "email_local": _column("email_local_key"),
        "email_domain": _column("email_domain"),
        "ip": lambda rows: pc.coalesce(rows["ip_64_key"], rows["ip_key"]),
        "ip_prefix": _column("ip_prefix"),
        "client": _joined("ja4", "user_agent", " "),
    },
    "payment": {
        "card": _paid(_column("card_key")),
        "billing": _paid(_joined("billing_name_key", "billing_postcode_key", "@")),
    },
    "usage": {
        "conversation": lambda rows: pc.if_else(
            pc.less(rows["status"], ANSWERED), rows["conversation_prefix_hash"], None
        ),
    },
}
