"""Notices a job that runs and lands nothing, from the lake's positions and Kafka's ends: a runner may not know it."""

from collections.abc import Mapping


class Watchdog:
    """Counts the seconds in which records waited and none landed; times are of the monotonic clock."""

    def __init__(self, now: float) -> None:
        self._well_at = now
        self._positions: Mapping[str, int] = {}

    def begin(self, now: float) -> None:
        """Count anew: a job was just submitted."""
        self._well_at = now

    def look(self, positions: Mapping[str, int], lag: int | None, now: float) -> float:
        """Seconds since something landed, nothing waited, or Kafka was silent (`lag` is None)."""
        if positions != self._positions or not lag:
            self._positions, self._well_at = dict(positions), now
        return now - self._well_at
