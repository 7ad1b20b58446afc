"""What is expected of a key in five minutes, from the days before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

WINDOW_SECONDS = 300
WINDOWS_PER_HOUR = 3600 // WINDOW_SECONDS
HOURS = 24
# So far back a day looks: four of each day of the week. A late sign-up makes so many days after its own be drawn anew.
PAST_DAYS = 28


@dataclass(frozen=True)
class Tally:
    """The sign-ups of one day: all of them by hour, those with a key by kind, and those of the keys asked for.

    `kinds`: kind → (sign-ups with a key of the kind, distinct keys). `keys`: (kind, key) → sign-ups.
    """

    day: date
    hours: tuple[int, ...]
    kinds: Mapping[str, tuple[int, int]]
    keys: Mapping[tuple[str, str], int]


class Past:
    """The days that one day looks back on."""

    def __init__(self, day: date, tallies: Iterable[Tally]) -> None:
        self._day = day
        self._days = [tally for tally in tallies if tally.day in days_before(day)]
        hours = [sum(tally.hours[hour] for tally in self._days) for hour in range(HOURS)]
        self._rhythm = [(count + 1) / (sum(hours) + HOURS) for count in hours]

    def expected(self, kind: str, key: str, hour: int) -> float:
        """Sign-ups of the key expected in a window of `hour`.

        The key's sign-ups a day since it was first seen, as if it had had, before that, one day like an average day of
        a key of its kind that shows at all: the mean of a Gamma posterior with that day as its prior (Gelman et al.,
        Bayesian Data Analysis, 3rd ed., 2.6). The day is spread over its hours as all sign-ups are.
        """
        seen = [(tally.day, tally.keys[kind, key]) for tally in self._days if (kind, key) in tally.keys]
        known = (self._day - min(day for day, _ in seen)).days if seen else 0
        rate = (self._ordinary(kind) + sum(count for _, count in seen)) / (1 + known)
        return rate * self._rhythm[hour] / WINDOWS_PER_HOUR

    def _ordinary(self, kind: str) -> float:
        """Mean sign-ups of a key of the kind on a day that it shows; 1, the least there can be, without a past."""
        signups, keys = (sum(tally.kinds.get(kind, (0, 0))[i] for tally in self._days) for i in (0, 1))
        return signups / keys if keys else 1.0


def days_before(day: date) -> list[date]:
    """The days that `day` looks back on."""
    return [day - timedelta(days=back) for back in range(1, PAST_DAYS + 1)]


def days_concerned(changed: Iterable[date], days: Iterable[date]) -> list[date]:
    """Those of `days` whose rows may change when sign-ups of the days `changed` come or go, and `changed`, in order."""
    reached = set(changed)
    return sorted(reached | {day for day in days if not reached.isdisjoint(days_before(day))})
