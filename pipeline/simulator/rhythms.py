"""When requests are sent: rhythms measured of real clients (data/rhythms.parquet), waking hours, job queues."""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate
from random import Random
from typing import Protocol

import pyarrow.parquet as pq

from pipeline.simulator.clock import DAY, HOUR, SECOND
from pipeline.simulator.draws import geometric, poisson

# Share of a person's requests in each local hour; people sleep, and pause for lunch.
_WAKING = (2, 1, 0.5, 0.3, 0.2, 0.3, 1, 2, 4, 7, 8, 8, 6, 6, 8, 8, 7, 6, 5, 6, 7, 7, 6, 4)
_WORKING = (0, 0, 0, 0, 0, 0, 0.3, 2, 6, 10, 10, 9, 5, 7, 10, 10, 8, 5, 2, 1, 0.6, 0.4, 0.2, 0)
# Clients whose load was seen in fewer 10-minute windows have no rhythm worth following, only a burst.
_FEWEST_WINDOWS = 36
_LONGEST_BURST = 12.0


class Rhythm(Protocol):
    """Gives the times of a day's requests."""

    def arrivals(self, rng: Random, day: int, mean: float) -> list[int]:
        """Times within the day (microseconds, ascending) when `mean` requests are sent on an average day.

        `day` counts from a Monday.
        """


@dataclass(frozen=True, slots=True)
class Client:
    """What was measured of one real client."""

    name: str
    windows: int
    burst: float
    loads: tuple[float, ...]
    input_tokens: tuple[int, ...]
    output_tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Weekly:
    """A load for each hour of the week (UTC), requests coming in bursts of this mean size and gap (seconds)."""

    hours: "array[float]"  # 7 × 24: share of the day's load up to the end of each hour
    volumes: tuple[float, ...]
    burst: float
    gap: float

    def arrivals(self, rng: Random, day: int, mean: float) -> list[int]:
        """Bursts begin by the hour's load; within one, gaps are exponential."""
        midnight = day % 7 * 24
        left = poisson(rng, mean * self.volumes[day % 7])
        times: list[int] = []
        while left > 0:
            hour = bisect_right(self.hours, rng.random(), midnight, midnight + 24) - midnight
            time = hour * HOUR + int(rng.random() * HOUR)
            size = min(left, geometric(rng, self.burst))
            left -= size
            for _ in range(size):
                times.append(time)
                time += int(rng.expovariate(1 / self.gap) * SECOND)
        return sorted(time for time in times if time < DAY)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A cron job: at fixed minutes, a few seconds late."""

    every: int
    offset: int

    def arrivals(self, rng: Random, day: int, mean: float) -> list[int]:
        """The mean does not matter: the schedule decides."""
        return [t + int(rng.random() * 3 * SECOND) for t in range(self.offset % self.every, DAY - HOUR, self.every)]


@dataclass(frozen=True, slots=True)
class Queue:
    """A job queue that workers drain around the clock: smoother than any group of independent clients."""

    smoothness: float = 0.35

    def arrivals(self, rng: Random, day: int, mean: float) -> list[int]:
        """Evenly spaced, each shifted by a share of the spacing."""
        count = max(1, round(mean))
        step = DAY / count
        return sorted(min(DAY - 1, max(0, int(step * (i + 0.5 + rng.gauss(0, self.smoothness))))) for i in range(count))


@cache
def clients() -> tuple[Client, ...]:
    """The measured clients that have token sizes, in the file's order."""
    path = files("pipeline.simulator").joinpath("data", "rhythms.parquet")
    with path.open("rb") as file:
        rows = pq.read_table(file).to_pylist()
    return tuple(
        Client(
            row["client"],
            row["windows"],
            # A compound Poisson process with geometric bursts of mean m has an index of dispersion of 2m - 1,
            # which is the squared coefficient of variation in the long run.
            min(_LONGEST_BURST, ((row["interarrival_cv"] or 1.0) ** 2 + 1) / 2),
            tuple(row["hour_of_week_load"]),
            tuple(row["input_token_quantiles"]),
            tuple(row["output_token_quantiles"]),
        )
        for row in rows
        if row["input_token_quantiles"] and row["output_token_quantiles"]
    )


@cache
def _regular_clients() -> tuple[Client, ...]:
    return tuple(client for client in clients() if client.windows >= _FEWEST_WINDOWS)


@cache
def reasoning_clients() -> tuple[Client, ...]:
    """Those who have a reasoning model write at length."""
    return tuple(client for client in clients() if client.name.startswith("deepseek-r1/"))


def measured(rng: Random, shift_hours: float = 0.0) -> Weekly:
    """The rhythm of one of the real clients, moved to another time zone."""
    client = rng.choice(_regular_clients())
    shift = round(shift_hours)
    loads = [client.loads[(hour + shift) % 168] for hour in range(168)]
    return _weekly(loads, client.burst, rng.uniform(5, 40))


def person(rng: Random, utc_hours: float, working: bool = False) -> Weekly:
    """A person's rhythm: awake by local time; at work mostly on weekdays."""
    shift = round(utc_hours + rng.gauss(0, 1.5))
    shape = _WORKING if working else _WAKING
    weekend = rng.uniform(0.02, 0.3) if working else rng.uniform(0.5, 1.6)
    loads = [shape[(hour + shift) % 24] * (weekend if hour // 24 >= 5 else 1.0) for hour in range(168)]
    return _weekly(loads, rng.uniform(1.5, 6), rng.uniform(40, 200))


def _weekly(loads: Sequence[float], burst: float, gap: float) -> Weekly:
    days = [list(accumulate(load + 1e-6 for load in loads[day * 24 : day * 24 + 24])) for day in range(7)]
    week = sum(day[-1] for day in days)
    return Weekly(
        array("f", [total / day[-1] for day in days for total in day]),
        tuple(7 * day[-1] / week for day in days),
        burst,
        gap,
    )
