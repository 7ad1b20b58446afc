from datetime import UTC, date, datetime

import pyarrow as pa

from queries.report.timeline import BASE, QUIET_SHARE, WIDTH, timeline

NONE = pa.table({"banned_at": [], "successor": [], "hours": []})


def day(when: date, requests: int) -> dict:
    row = {"day": when, "requests": requests}
    return row | dict.fromkeys(("signups", "active", "output_tokens", "rate_limited", "bans"), 0)


def test_bars_stand_on_the_base_and_the_peak_is_the_highest() -> None:
    made = timeline(pa.Table.from_pylist([day(date(2026, 6, 1), 5), day(date(2026, 6, 3), 10)]), NONE)
    assert [bar.y + bar.height for bar in made.bars] == [BASE, BASE]
    assert made.bars[1].height == 2 * made.bars[0].height and made.peak == 10
    assert made.bars[1].x == round(2 * WIDTH / 3, 1)  # the quiet day keeps its place


def test_days_too_many_for_the_width_are_left_out_and_counted() -> None:
    made = timeline(pa.Table.from_pylist([day(date(2000, 1, 1), 5), day(date(2026, 6, 3), 10)]), NONE)
    assert len(made.bars) == 1 and made.left_out == 1


def test_no_days_make_no_bars() -> None:
    assert timeline(pa.Table.from_pylist([day(date(2026, 6, 1), 5)]).slice(0, 0), NONE).bars == []


def test_a_long_wait_before_the_first_request_does_not_squeeze_what_follows() -> None:
    aged, busy = day(date(2025, 6, 1), 0), [day(date(2026, 6, 1 + n), 5) for n in range(10)]
    made = timeline(pa.Table.from_pylist([aged, *busy]), NONE)
    assert (made.busy, made.broken_at) == (date(2026, 6, 1), QUIET_SHARE * WIDTH)
    assert [bar.x for bar in made.bars[:2]] == [0, made.broken_at]
    assert made.bars[-1].x == round(WIDTH - (WIDTH - made.broken_at) / 10, 1)
    assert timeline(pa.Table.from_pylist(busy), NONE).broken_at is None


def test_a_successor_is_shown_once_on_the_day_that_it_signed_up() -> None:
    stopped = datetime(2026, 6, 1, 12, tzinfo=UTC)
    rows = [{"banned_at": stopped, "successor": "a", "hours": hours} for hours in (13.0, 13.0)]
    rows.append({"banned_at": stopped, "successor": "b", "hours": 1.0})
    days = pa.Table.from_pylist([day(date(2026, 6, 1), 1), day(date(2026, 6, 2), 1)])
    made = timeline(days, pa.Table.from_pylist(rows))
    assert [bar.successors for bar in made.bars] == [1, 1]
    assert "1 of them successors" in made.bars[1].label
