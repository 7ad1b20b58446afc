"""The timeline: requests a day as bars, sign-ups, bans and successors above them."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

WIDTH = 1000
BASE = 190
# Above the highest bar are three rows of marks.
HIGHEST = 124
# Narrower bars than this cannot be told apart: earlier days are then left out and the table has them.
NARROWEST = 1.0
# Accounts may age for a year before ten days of requests: what lies before these then gets this share of the width.
QUIET_SHARE = 0.25


@dataclass(frozen=True)
class Bar:
    """One day: a bar of `height` at `x`, and what it says when pointed at."""

    x: float
    width: float
    y: float
    height: float
    signups: int
    bans: int
    successors: int
    label: str


@dataclass(frozen=True)
class Timeline:
    """The days from `first` to `last`; `peak` is the most requests of one day.

    `broken_at` is where the scale changes, at the day `busy`: None where it is one.
    """

    bars: list[Bar]
    first: date | None
    last: date | None
    peak: int
    left_out: int
    busy: date | None = None
    broken_at: float | None = None


def timeline(days: pa.Table, successors: pa.Table) -> Timeline:
    """Timeline of the rows of cluster_timeline, the newest WIDTH days at most, and of those of successors."""
    rows = days.to_pylist()
    if not rows:
        return Timeline([], None, None, 0, 0)
    last = rows[-1]["day"]
    first = max(rows[0]["day"], last - timedelta(days=int(WIDTH / NARROWEST) - 1))
    shown = [row for row in rows if row["day"] >= first]
    busy = next((row["day"] for row in shown if row["requests"]), first)
    broken_at = QUIET_SHARE * WIDTH if (busy - first).days * 2 > (last - first).days + 1 else None
    peak = max(row["requests"] for row in shown)
    after = _successors(successors)
    bars = [
        _bar(row, _place(row["day"], (first, busy, last), broken_at), row["requests"] / max(peak, 1), after[row["day"]])
        for row in shown
    ]
    return Timeline(bars, first, last, peak, len(rows) - len(shown), busy if broken_at else None, broken_at)


def _successors(rows: pa.Table) -> Counter[date]:
    """How many accounts signed up each day (UTC) soon after another was stopped."""
    signed_up = {
        row["successor"]: (row["banned_at"] + timedelta(hours=row["hours"])).date() for row in rows.to_pylist()
    }
    return Counter(signed_up.values())


def _place(day: date, span: tuple[date, date, date], broken_at: float | None) -> tuple[float, float]:
    """Where `day` lies and how wide it is, on one scale from the first to the last day, or on one up to `busy` too."""
    first, busy, last = span
    if broken_at is None:
        step = WIDTH / ((last - first).days + 1)
        return (day - first).days * step, step
    if day < busy:
        step = broken_at / (busy - first).days
        return (day - first).days * step, step
    step = (WIDTH - broken_at) / ((last - busy).days + 1)
    return broken_at + (day - busy).days * step, step


def _bar(row: dict[str, Any], place: tuple[float, float], share: float, successors: int) -> Bar:
    x, step = place
    height = round(HIGHEST * share, 1)
    label = (
        f"{row['day']}: {row['requests']} requests, {row['output_tokens']} output tokens, {row['active']} active, "
        f"{row['signups']} sign-ups, {successors} of them successors, {row['bans']} bans, "
        f"{row['rate_limited']} rate-limited"
    )
    width = round(max(step * 0.85, 0.8), 1)
    return Bar(round(x, 1), width, BASE - height, height, row["signups"], row["bans"], successors, label)
