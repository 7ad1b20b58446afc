"""Who does a step of a lake: one `hydratrace run`; others stand by until it ends, however it ends."""

import fcntl
from collections.abc import Collection
from typing import TextIO

from pipeline.errors import LakeError
from pipeline.lake import Lake

FOLDER = "locks"


class Claim:
    """The wish to do `steps` of a lake: a lock of the kernel on an open file each, which end with their holder."""

    def __init__(self, lake: Lake, steps: Collection[str]) -> None:
        self._files: list[TextIO] = []
        self.held = False
        for step in sorted(steps):
            path = lake.root / FOLDER / f"run-{step}.lock"
            try:
                path.parent.mkdir(exist_ok=True)
                self._files.append(path.open("a"))
            except OSError as error:
                raise LakeError(f"cannot write {path}: {error.strerror}", expected="a lake to write to") from None

    def take(self) -> bool:
        """Whether all of it is ours, now or already; a part of it is never held.

        Raises LakeError if the filesystem has no locks.
        """
        if not self.held:
            taken = [file for file in self._files if _locked(file)]
            self.held = len(taken) == len(self._files)
            if not self.held:
                for file in taken:
                    fcntl.flock(file, fcntl.LOCK_UN)
        return self.held

    def drop(self) -> None:
        """Let the next one serve."""
        for file in self._files:
            file.close()
        self.held = False


def _locked(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise LakeError(
            f"the lake's filesystem takes no locks: {error.strerror}",
            remedy="keep the lake on a filesystem with flock",
        ) from None
    return True
