"""What is logged: our own warnings, and errors of libraries."""

import logging

FLOORS = ("pipeline", "graph", "queries")


def quiet_libraries() -> None:
    """Let our own warnings and libraries' errors through; Kafka's outages and Beam's tracebacks we tell ourselves."""
    logging.basicConfig(level=logging.ERROR, format="hydratrace: %(message)s")
    for floor in FLOORS:
        logging.getLogger(floor).setLevel(logging.WARNING)
    for library in ("kafka", "apache_beam"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
