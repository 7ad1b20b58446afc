"""When a failed delivery is tried again."""

import random
from datetime import datetime, timedelta

# Seconds from one try to the next, as Standard Webhooks 1.0.0 advises: ten tries over about three days.
DELAYS = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
# Receivers that fell together should not be hit together: each wait is up to a fifth longer, at random.
JITTER = 0.2
# No receiver may put a delivery off for longer than the schedule's longest wait.
LONGEST_WAIT = float(DELAYS[-1])
LONGEST = timedelta(seconds=LONGEST_WAIT * (1 + JITTER))


def next_try(attempts: int, now: datetime, retry_after: float | None = None) -> datetime | None:
    """When to try again after `attempts` failed tries; None when the schedule is used up.

    `retry_after` is what the receiver asked for, in seconds: it can lengthen the wait, never shorten it.
    """
    if attempts >= len(DELAYS):
        return None
    wait = DELAYS[attempts] * (1 + random.random() * JITTER)
    return now + timedelta(seconds=max(wait, min(retry_after or 0.0, LONGEST_WAIT)))
