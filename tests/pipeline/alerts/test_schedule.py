from datetime import UTC, datetime

import pytest

from pipeline.alerts.schedule import DELAYS, JITTER, LONGEST_WAIT, next_try

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize("attempts", range(1, 10))
def test_waits_follow_the_schedule_with_jitter(attempts):
    waits = [(next_try(attempts, NOW) - NOW).total_seconds() for _ in range(50)]
    assert all(DELAYS[attempts] <= wait <= DELAYS[attempts] * (1 + JITTER) for wait in waits)
    assert len(set(waits)) > 1


def test_after_ten_tries_no_more():
    assert next_try(10, NOW) is None
    assert next_try(10, NOW, retry_after=5) is None


def test_retry_after_lengthens_and_never_shortens():
    assert (next_try(1, NOW, retry_after=100) - NOW).total_seconds() == 100
    assert (next_try(2, NOW, retry_after=1) - NOW).total_seconds() >= 300
    assert (next_try(1, NOW, retry_after=1e9) - NOW).total_seconds() == LONGEST_WAIT
