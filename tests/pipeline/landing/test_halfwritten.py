import os

from pipeline.landing.halfwritten import half_written, remove_half_written, untouched_seconds


def test_only_what_was_begun_long_ago_is_removed(tmp_path):
    day = tmp_path / "event_date=2026-06-01"
    day.mkdir()
    names = ["part-0.parquet", "part-1.parquet#1", "part-2.parquet#12", "part-3#.parquet"]
    for name in names:
        (day / name).touch()
        os.utime(day / name, (0, 0))
    (tmp_path / "00.json#3").touch()
    assert [path.name for path in half_written(tmp_path)] == ["00.json#3", *names[1:3]]
    remove_half_written(tmp_path, 3600)
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["00.json#3", names[0], names[3]]


def test_a_clock_that_is_ahead_makes_nobody_wait_for_ever(tmp_path):
    path = tmp_path / "part.parquet#1"
    path.touch()
    os.utime(path, (2**33, 2**33))
    assert untouched_seconds(path) > 3600
    assert untouched_seconds(tmp_path / "gone") == float("inf")
