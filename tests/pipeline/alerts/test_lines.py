import pytest

from pipeline.alerts import lines
from pipeline.alerts.lines import append_line
from pipeline.alerts.transports import file_of
from pipeline.errors import UsageError
from pipeline.settings import Hook


def test_lines_are_appended(tmp_path):
    path = tmp_path / "new" / "alerts.jsonl"
    assert append_line(path, "one").kind == "delivered"
    assert append_line(path, "two").kind == "delivered"
    assert path.read_text() == "one\ntwo\n"


def test_a_torn_line_of_a_crash_is_ended_first(tmp_path):
    path = tmp_path / "alerts.jsonl"
    path.write_text('{"torn')
    append_line(path, "whole")
    assert path.read_text() == '{"torn\nwhole\n'


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    path = tmp_path / "alerts.jsonl"
    append_line(path, "one")
    real = lines.os.write

    def half(descriptor, data):
        real(descriptor, data[:2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lines.os, "write", half)
    outcome = append_line(path, "second")
    assert (outcome.kind, outcome.detail) == ("again", "cannot append to the file: No space left on device")
    assert path.read_text() == "one\n"


def test_a_folder_in_the_way_is_wrong_use(tmp_path):
    for path in ("", str(tmp_path)):
        with pytest.raises(UsageError, match=r"path|folder"):
            file_of(Hook(name="log", type="jsonl", path=path))
