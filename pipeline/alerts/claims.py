"""Who may send: one process per hook and lake. docs/decisions has the argument."""

import errno
import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.errors import LakeError
from pipeline.lake import Lake

FOLDER = "locks"
# Long enough to let an ordinary pass end, short enough for a person to wait.
WAIT_SECONDS = 10.0
POLL_SECONDS = 0.05


@contextmanager
def only_sender(lake: Lake, hook: str, wait: float = WAIT_SECONDS) -> Iterator[bool]:
    """Hold the hook's claim inside the block; False if another process still has it after `wait` seconds.

    The claim is a lock of the kernel on an open file: it ends with its holder, however that dies.
    """
    path = lake.root / FOLDER / f"alert-{hook}.lock"
    try:
        path.parent.mkdir(exist_ok=True)
        file = path.open("a")
    except OSError as error:
        raise LakeError(f"cannot claim hook {hook} in {path.parent}: {error.strerror}") from None
    with file:
        yield _locked(file.fileno(), time.monotonic() + wait)


def _locked(descriptor: int, until: float) -> bool:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise LakeError(
                    f"the lake's filesystem takes no locks: {error.strerror}",
                    remedy="keep the lake on a filesystem with flock",
                ) from None
            if time.monotonic() >= until:
                return False
            time.sleep(POLL_SECONDS)
        else:
            return True
