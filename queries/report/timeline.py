"""The timeline: requests a day as bars, sign-ups and bans above them."""

from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

WIDTH = 1000
HEIGHT = 180
BASE = 150
# Narrower bars than this cannot be told apart: later days are then left out and the table has them.
NARROWEST = 1.0


@dataclass(frozen=True)
class Bar:
    """One day: a bar of `height` at `x`, and what it says when pointed at."""

    x: float
    width: float
    y: float
    height: float
    signups: int
    bans: int
    label: str


@dataclass(frozen=True)
class Timeline:
    """The days from `first` to `last`; `peak` is the most requests of one day."""

    bars: list[Bar]
    first: date | None
    last: date | None
    peak: int
    left_out: int


def timeline(days: pa.Table) -> Timeline:
    """Timeline of the rows of cluster_timeline: the newest WIDTH days at most."""
    rows = days.to_pylist()
    if not rows:
        return Timeline([], None, None, 0, 0)
    last = rows[-1]["day"]
    first = max(rows[0]["day"], last - timedelta(days=int(WIDTH / NARROWEST) - 1))
    shown = [row for row in rows if row["day"] >= first]
    peak = max(row["requests"] for row in shown)
    step = WIDTH / ((last - first).days + 1)
    bars = []
    for row in shown:
        height = round((BASE - 30) * row["requests"] / max(peak, 1), 1)
        label = (
            f"{row['day']}: {row['requests']} requests, {row['output_tokens']} output tokens, {row['active']} active, "
            f"{row['signups']} sign-ups, {row['bans']} bans, {row['rate_limited']} rate-limited"
        )
        x, width = round((row["day"] - first).days * step, 1), round(max(step * 0.85, 0.8), 1)
        bars.append(Bar(x, width, BASE - height, height, row["signups"], row["bans"], label))
    return Timeline(bars, first, last, peak, len(rows) - len(shown))
