import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.lake import FORMAT_VERSION, MARKER, Lake
from queries.cli import main
from tests.pipeline.landed import rows
from tests.pipeline.records import event


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with events in `events`, and a home without a key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in [name for name in os.environ if name.startswith("HYDRATRACE_")]:
        monkeypatch.delenv(name)
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "account.action.v1.jsonl").write_bytes(event("action") + b"\n{\n")
    return tmp_path


def land(capsys, *arguments):
    """Exit status and standard error of `hydratrace land`."""
    status = main(["land", *arguments])
    return status, capsys.readouterr().err


FILES = ("--lake", "lake", "--files", "events")


def test_the_first_job_makes_the_key_says_so_and_lands(folder, capsys, caplog):
    status, told = land(capsys, *FILES)
    assert status == 0
    assert told.startswith("1 events landed, 1 rejected, in ")
    assert f"made the key file {folder}/config/hydratrace/key: keep it" in caplog.text
    assert len(rows(Lake.open(folder / "lake"), "action")) == 1
    caplog.clear()
    assert land(capsys, *FILES)[1].startswith("0 events landed")
    assert caplog.text == ""


def test_files_that_no_topic_has_the_name_of_are_told_and_cannot_write_to_the_terminal(folder, capsys, caplog):
    (folder / "events" / "usage\x1b[2J.jsonl").touch()
    assert land(capsys, *FILES)[0] == 0
    assert (
        r"not read, since no topic has the name: 'usage\x1b[2J.jsonl'; expected account.signup.v1.jsonl" in caplog.text
    )


def test_another_key_is_refused_and_changes_nothing(folder, capsys):
    land(capsys, *FILES)
    (folder / "events" / "account.signup.v1.jsonl").write_bytes(event("signup") + b"\n")
    status, told = land(capsys, *FILES, "--key-file", "other")
    assert (status, Path("other").exists()) == (1, False)
    assert "no key file at other; name the file the lake was landed with" in told
    Path("other").write_text("ab" * 32)
    Path("other").chmod(0o600)
    status, told = land(capsys, *FILES, "--key-file", "other")
    assert status == 1
    assert "was written with another key; expected the key file it was first landed with" in told
    assert told.count("\n") == 1
    assert not (folder / "lake" / "signup").exists()


def test_a_lake_of_a_newer_version_is_refused(folder, capsys):
    land(capsys, *FILES)
    marker = json.loads((folder / "lake" / MARKER).read_bytes())
    (folder / "lake" / MARKER).write_text(json.dumps(marker | {"format_version": FORMAT_VERSION + 1, "new": {}}))
    status, told = land(capsys, *FILES)
    assert status == 1
    assert told.endswith(
        f"has format {FORMAT_VERSION + 1}; expected format {FORMAT_VERSION} or older; use a newer hydratrace\n"
    )


def test_a_lake_that_cannot_be_written_is_one_line(folder, capsys):
    land(capsys, *FILES)
    (folder / "lake" / "signup").write_text("a file where the table should be")
    (folder / "events" / "account.signup.v1.jsonl").write_bytes(event("signup") + b"\n")
    status, told = land(capsys, *FILES)
    assert status == 1
    assert told.startswith(f"hydratrace land: cannot write {folder}/lake/signup: ")
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "no source of events; expected one of --files DIR and --bootstrap-servers HOST:PORT"),
        (("--files", "missing"), "no folder missing; expected a folder with <topic>.jsonl or <topic>/*.jsonl"),
        (("--files", "events", "--processes", "none"), "processes (flag --processes): "),
    ],
)
def test_wrong_use_is_one_line_and_makes_nothing(folder, capsys, arguments, told):
    status, said = land(capsys, "--lake", "lake", *arguments)
    assert status == 2
    assert told in said
    assert said.count("\n") == 1
    assert sorted(path.name for path in folder.iterdir()) == ["events"]


@pytest.mark.parametrize(("number", "processes"), [(signal.SIGTERM, "1"), (signal.SIGTERM, "2"), (signal.SIGINT, "1")])
def test_a_job_that_follows_ends_in_time_when_told_to(folder, number, processes):
    command = [Path(sys.executable).with_name("hydratrace"), "land", *FILES, "--follow", "--processes", processes]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as job:
        try:
            lands(folder / "lake", job)
            job.send_signal(number)
            told = job.communicate(timeout=10)[1]
        finally:
            job.kill()
    assert job.returncode == 0, told
    assert f"stopping after {number.name}" in told
    assert "Traceback" not in told
    assert "1 events landed, 1 rejected, in " in told


def lands(lake, job):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and job.poll() is None:
        if (lake / MARKER).exists() and Lake.open(lake).positions():
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing landed: {job.communicate(timeout=1)[1]}")
