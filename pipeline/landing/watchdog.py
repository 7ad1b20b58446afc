"""Notices a job that runs and lands nothing, from the lake's positions and Kafka's ends: a runner may not know it."""

from collections.abc import Mapping

# However often it was in vain: a job that starts slowly must get to its first commit some day.
LONGEST_SECONDS = 900.0


class Watchdog:
    """Bears `patience` seconds in which records wait and none lands; times are of the monotonic clock.

    A job that was just submitted has twice as long, each further one that lands nothing twice as long again.
    """

    def __init__(self, patience: float, now: float) -> None:
        self._shortest = self._patience = patience
        self._well_at = now
        self._positions: Mapping[str, int] = {}

    def begin(self, now: float) -> None:
        """Count anew: a job was just submitted."""
        self._well_at = now
        self._patience = max(self._shortest, min(2 * self._patience, LONGEST_SECONDS))

    def look(self, positions: Mapping[str, int], lag: int | None, now: float) -> float:
        """Seconds in vain if they are too many, else 0; none count while Kafka is silent (`lag` is None)."""
        # A partition that appears has not moved: its beginning is written down before anything lands.
        moved = any(positions.get(name) != end for name, end in self._positions.items())
        self._positions = dict(positions)
        if moved:
            self._patience = self._shortest
        if moved or not lag:
            self._well_at = now
        vain = now - self._well_at
        return vain if vain > self._patience else 0.0
