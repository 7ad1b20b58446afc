import io

import pytest

from pipeline.landing import progress
from pipeline.landing.micro_batches import Tick
from pipeline.landing.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    times = iter(range(0, 1000, 6))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(times)))


def test_plain_lines_come_now_and_then(clock):
    out = io.StringIO()
    shown = Progress(out, "bytes")
    for _ in range(3):
        shown.report(Tick(600, 12, 5000, idle=False))
    shown.finish(failed=False)
    assert out.getvalue() == (
        "102 events/s, 1,200 landed, 24 rejected, lag was 5,000 bytes\n1,800 events landed, 36 rejected, in 24.0 s\n"
    )


def test_a_terminal_has_one_live_line(clock):
    out = Terminal()
    shown = Progress(out, "offsets")
    shown.report(Tick(600, 0, 1, idle=False))
    shown.finish(failed=True)
    assert out.getvalue() == (
        "\r\x1b[K100 events/s, 600 landed, 0 rejected, lag was 1 offsets"
        "\r\x1b[K600 events landed, 0 rejected, in 12.0 s\n"
    )


def test_a_job_that_failed_before_anything_landed_says_nothing(clock):
    out = io.StringIO()
    Progress(out, "bytes").finish(failed=True)
    assert out.getvalue() == ""
