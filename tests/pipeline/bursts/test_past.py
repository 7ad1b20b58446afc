from datetime import date, timedelta

import pytest

from pipeline.bursts.past import PAST_DAYS, Past, Tally, days_before, days_concerned

DAY = date(2026, 6, 29)
NIGHT = tuple(0 for _ in range(24))
EVEN = tuple(100 for _ in range(24))


def tally(back: int, signups: int, *, kinds: tuple[int, int] = (0, 0), hours: tuple[int, ...] = NIGHT) -> Tally:
    """A day `back` days before DAY on which the domain `d` had `signups`."""
    keys = {("domain", "d"): signups} if signups else {}
    return Tally(DAY - timedelta(days=back), hours, {"domain": kinds}, keys)


def test_without_a_past_a_key_is_expected_once_a_day_at_any_hour() -> None:
    assert Past(DAY, []).expected("domain", "d", 3) == pytest.approx(1 / 288)


def test_a_new_key_is_expected_as_an_ordinary_one_of_its_kind_on_a_day_that_it_shows() -> None:
    past = Past(DAY, [tally(1, 0, kinds=(30, 5)), tally(2, 0, kinds=(10, 5))])
    assert past.expected("domain", "new", 0) == pytest.approx(4 / 288)
    assert past.expected("device", "new", 0) == pytest.approx(1 / 288)


def test_a_known_key_is_expected_as_it_was_since_it_was_first_seen() -> None:
    past = Past(DAY, [tally(3, 8, kinds=(8, 4)), tally(1, 6, kinds=(8, 4)), tally(10, 0)])
    assert past.expected("domain", "d", 0) == pytest.approx((2 + 14) / (1 + 3) / 288)


def test_what_lies_too_far_back_or_ahead_does_not_count() -> None:
    other = [tally(PAST_DAYS + 1, 9, kinds=(9, 1)), tally(0, 9, kinds=(9, 1)), tally(-1, 9, kinds=(9, 1))]
    assert Past(DAY, other).expected("domain", "d", 0) == Past(DAY, []).expected("domain", "d", 0)


def test_the_day_is_spread_over_its_hours_as_all_signups_are() -> None:
    busy = tuple(1000 if hour == 9 else 0 for hour in range(24))
    past = Past(DAY, [tally(1, 0, hours=busy)])
    assert past.expected("domain", "d", 9) == pytest.approx(1001 / 1024 / 12)
    assert past.expected("domain", "d", 4) == pytest.approx(1 / 1024 / 12)
    day = sum(12 * Past(DAY, [tally(1, 5, kinds=(5, 1), hours=EVEN)]).expected("domain", "d", h) for h in range(24))
    assert day == pytest.approx((5 + 5) / 2)


def test_days_that_look_back_on_a_changed_day_are_concerned_and_no_others() -> None:
    days = [DAY + timedelta(days=n) for n in range(-3, PAST_DAYS + 3)]
    assert days_concerned([DAY], days) == [DAY + timedelta(days=n) for n in range(PAST_DAYS + 1)]
    assert days_concerned([DAY], []) == [DAY]
    assert days_before(DAY)[0] == DAY - timedelta(days=1)
