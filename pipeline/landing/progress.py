"""Progress of a landing job: one live line on a terminal, a plain line now and then otherwise."""

import time
from typing import TextIO

from pipeline.landing.micro_batches import Tick

PLAIN_SECONDS = 10.0


class Progress:
    """Counts ticks and writes them to `out`; `unit` is what lag is measured in."""

    def __init__(self, out: TextIO, unit: str) -> None:
        self._out, self._unit, self._live = out, unit, out.isatty()
        self._started = self._shown = time.monotonic()
        self.landed = self.rejected = 0
        self._since = (0, self._started)

    def report(self, tick: Tick) -> None:
        """Take a tick; show it if it is time."""
        self.landed += tick.landed
        self.rejected += tick.rejected
        now = time.monotonic()
        if not self._live and now - self._shown < PLAIN_SECONDS:
            return
        seen, since = self._since
        rate = (self.landed + self.rejected - seen) / max(now - since, 1e-3)
        self._since, self._shown = (self.landed + self.rejected, now), now
        line = (
            f"{rate:,.0f} events/s, {self.landed:,} landed, {self.rejected:,} rejected, "
            f"lag was {tick.lag:,} {self._unit}"
        )
        self._out.write(f"\r\x1b[K{line}" if self._live else f"{line}\n")
        self._out.flush()

    def finish(self, *, failed: bool) -> None:
        """Write the summary line; a job that failed before it landed anything has none."""
        if failed and not (self.landed or self.rejected):
            return
        seconds = time.monotonic() - self._started
        if self._live:
            self._out.write("\r\x1b[K")
        self._out.write(f"{self.landed:,} events landed, {self.rejected:,} rejected, in {seconds:.1f} s\n")
        self._out.flush()
