import os
import subprocess
import sys
import time

import pytest

from tests.integration.flink.process import Process

CHILDREN = (
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], stdout=2)"
)


def lives(pid: int) -> bool:
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(told.strip()) and not told.startswith("Z")


@pytest.fixture
def started(tmp_path):
    process = Process("sleeper", tmp_path)
    process.start([sys.executable, "-c", f"{CHILDREN}; time.sleep(60)"])
    while not process.children():
        time.sleep(0.02)
    yield process
    process.stop()


def test_it_is_found_again_and_ended_with_its_children_by_somebody_else(tmp_path, started):
    found = Process("sleeper", tmp_path)
    pids = [found.pid, *found.children()]
    assert started.pid in pids and len(pids) == 2
    found.stop()
    assert not any(map(lives, pids))
    assert found.pid is None


def test_children_are_ended_when_their_parent_is_gone_already(started):
    (child,) = started.children()
    os.kill(started.pid, 9)
    started.stop()
    assert not lives(child)


def test_another_process_under_an_old_number_is_left_alone(tmp_path):
    other = subprocess.Popen(["sleep", "60"], start_new_session=True)
    (tmp_path / "sleeper.pid").write_text(f"{other.pid} 1")
    process = Process("sleeper", tmp_path)
    assert process.pid is None
    process.stop()
    assert lives(other.pid)
    other.kill()
    other.wait()
