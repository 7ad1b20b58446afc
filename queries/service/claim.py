"""Who serves a lake: one `hydratrace run`; others stand by until it ends, however it ends."""

import fcntl
from typing import TextIO

from pipeline.errors import LakeError
from pipeline.lake import Lake

FOLDER = "locks"


class Claim:
    """The wish to serve a lake: a lock of the kernel on an open file, which ends with its holder."""

    def __init__(self, lake: Lake) -> None:
        path = lake.root / FOLDER / "run.lock"
        try:
            path.parent.mkdir(exist_ok=True)
            self._file: TextIO = path.open("a")
        except OSError as error:
            raise LakeError(f"cannot write {path}: {error.strerror}", expected="a lake to write to") from None
        self.held = False

    def take(self) -> bool:
        """Whether it is ours, now or already.

        Raises LakeError if the filesystem has no locks.
        """
        if not self.held:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            except OSError as error:
                raise LakeError(
                    f"the lake's filesystem takes no locks: {error.strerror}",
                    remedy="keep the lake on a filesystem with flock",
                ) from None
            self.held = True
        return True

    def drop(self) -> None:
        """Let the next one serve."""
        self._file.close()
        self.held = False
