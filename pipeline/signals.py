"""SIGTERM and SIGINT as a wish to stop: what is in hand is finished, for so long."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

GRACE_SECONDS = 9.0  # a process is asked to be gone 10 s after SIGTERM; what it abandons, the next one does again


@contextmanager
def stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Set `stop` at a signal inside the block; the process ends by itself if it takes longer than GRACE_SECONDS."""

    def handle(number: int, frame: object) -> None:
        del frame
        stop.set()
        timer = threading.Timer(GRACE_SECONDS, os._exit, [0])
        timer.daemon = True
        timer.start()
        print(f"stopping after {signal.Signals(number).name}", file=sys.stderr)  # noqa: T201

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
