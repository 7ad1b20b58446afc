"""What is logged: our own warnings, and errors of libraries."""

import logging

FLOORS = ("pipeline", "graph", "queries")


def quiet_libraries() -> None:
    """Let our own warnings through, libraries' from errors on, and Kafka's not at all: outages we tell ourselves."""
    logging.basicConfig(level=logging.ERROR, format="hydratrace: %(message)s")
    for floor in FLOORS:
        logging.getLogger(floor).setLevel(logging.WARNING)
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
