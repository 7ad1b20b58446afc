from datetime import date

import pyarrow as pa

from queries.report.timeline import BASE, WIDTH, timeline


def day(when: date, requests: int) -> dict:
    row = {"day": when, "requests": requests}
    return row | dict.fromkeys(("signups", "active", "output_tokens", "rate_limited", "bans"), 0)


def test_bars_stand_on_the_base_and_the_peak_is_the_highest() -> None:
    made = timeline(pa.Table.from_pylist([day(date(2026, 6, 1), 5), day(date(2026, 6, 3), 10)]))
    assert [bar.y + bar.height for bar in made.bars] == [BASE, BASE]
    assert made.bars[1].height == 2 * made.bars[0].height and made.peak == 10
    assert made.bars[1].x == round(2 * WIDTH / 3, 1)  # the quiet day keeps its place


def test_days_too_many_for_the_width_are_left_out_and_counted() -> None:
    made = timeline(pa.Table.from_pylist([day(date(2000, 1, 1), 5), day(date(2026, 6, 3), 10)]))
    assert len(made.bars) == 1 and made.left_out == 1


def test_no_days_make_no_bars() -> None:
    assert timeline(pa.Table.from_pylist([day(date(2026, 6, 1), 5)]).slice(0, 0)).bars == []
