"""The parent's side of a child process: start it, hear what it says, end it."""

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

LINES = 3  # of its last words that are kept
LINE_BYTES = 2000
DRAIN_SECONDS = 1.0  # for what a dead child wrote last; a grandchild may keep the pipe open for longer


class Process:
    """`hydratrace WORDS…` as a child.

    `heard` is called with each line that it writes, `ended` when it has closed its output, both on another thread.
    """

    def __init__(self, words: Sequence[str], heard: Callable[[str], None], ended: Callable[[], None]) -> None:
        # -P: no folder of the user's may stand in for our packages. A session of its own: Ctrl-C is for the parent.
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "queries.service.child", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._last: deque[str] = deque(maxlen=LINES)
        self._reader = threading.Thread(target=self._read, args=(heard, ended), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    def status(self) -> int | None:
        """Its exit status (negative: the signal that killed it); None while it runs."""
        return self._child.poll()

    def last_words(self) -> str:
        """Why it ended, as far as it said so: its own error line where there is one."""
        assert self._child.stdin
        self._child.stdin.close()
        self._reader.join(DRAIN_SECONDS)
        errors = [line for line in self._last if line.startswith("hydratrace")]
        return errors[-1] if errors else "; ".join(self._last)

    def ask_to_end(self) -> None:
        """SIGTERM."""
        self._child.terminate()

    def kill(self) -> None:
        """SIGKILL, to its own children too."""
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()

    def _read(self, heard: Callable[[str], None], ended: Callable[[], None]) -> None:
        assert self._child.stdout
        with self._child.stdout as output:
            while line := output.readline(LINE_BYTES):
                text = line.decode(errors="replace").strip()
                if text:
                    self._last.append(text)
                    heard(text)
        ended()
