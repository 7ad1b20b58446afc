"""Who may rewrite history: while rows leave tables, nobody links or publishes, and the other way round."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.errors import LakeError
from pipeline.lake import Lake

# A link run of a large lake takes minutes.
PATIENCE_SECONDS = 1800.0
POLL_SECONDS = 0.2


@contextmanager
def reading(lake: Lake) -> Iterator[None]:
    """Hold history still for a link run or a publication; many may at once.

    Raises LakeError if it is being rewritten for longer than anybody should wait.
    """
    with _locked(lake, fcntl.LOCK_SH):
        yield


@contextmanager
def rewriting(lake: Lake) -> Iterator[None]:
    """Be the only one, and have no link run or publication beside; landing goes on.

    Raises LakeError as `reading` does.
    """
    with _locked(lake, fcntl.LOCK_EX):
        yield


@contextmanager
def _locked(lake: Lake, how: int) -> Iterator[None]:
    path = lake.root / "locks" / "history.lock"
    until = time.monotonic() + PATIENCE_SECONDS
    try:
        path.parent.mkdir(exist_ok=True)
        file = path.open("a")
    except OSError as error:
        raise LakeError(f"cannot write {path}: {error.strerror}", expected="a lake to write to") from None
    with file:
        while not _taken(file.fileno(), how):
            if time.monotonic() > until:
                raise LakeError(f"{lake.root} was busy for {PATIENCE_SECONDS:.0f} s", remedy="try again later")
            time.sleep(POLL_SECONDS)
        yield


def _taken(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
