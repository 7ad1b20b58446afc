import os

import pytest

from pipeline.onefile import make_once


def test_the_first_wins_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "file"
    assert make_once(path, b"first", 0o600)
    assert not make_once(path, b"second")
    assert path.read_bytes() == b"first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        make_once(tmp_path / "file", b"x")
    assert list(tmp_path.iterdir()) == []
