import pytest

from pipeline.lake import Lake
from queries.casefile import segments


def test_a_small_month_is_one_segment(landed: Lake) -> None:
    assert [period.label for period in segments.periods(landed)] == ["2026-05", "2026-06"]


def test_a_large_month_has_a_segment_a_day(landed: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    may, _ = segments.periods(landed)
    monkeypatch.setattr(segments, "LARGEST_MONTH", may.size)
    found = segments.periods(landed)
    assert [period.label for period in found] == ["2026-05", "2026-06-01", "2026-06-02"]
    every = sorted(file for period in found for files in period.files.values() for file in files)
    assert every == sorted(file for name in ("signup", "payment", "usage", "action") for file in landed.files(name))


def test_a_segment_is_named_for_what_it_was_made_of(landed: Lake) -> None:
    may, june = segments.periods(landed)
    assert may.name != june.name
    assert segments.Period(may.label, june.files).name[8:] == june.name[8:]
    assert segments.build(landed, may)
    assert not segments.build(landed, may)
