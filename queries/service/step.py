"""One step of the service: runs as a child process, pauses longer after each failure, is told of once a change."""

import re
import signal
from collections.abc import Callable, Sequence

from queries.service.process import Process

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0

Tell = Callable[[str], None]


class Step:
    """`hydratrace WORDS…`, again and again; one that is `endless` (landing) fails whenever it ends.

    `problem` is why it failed last, empty after it went well; `failures` counts all of them, `seconds` is how long the
    last one that went well took, `said` its last words. Times are of the monotonic clock.
    """

    def __init__(self, name: str, words: Sequence[str], tell: Tell, wake: Callable[[], None], *, endless: bool) -> None:
        self.name, self.endless = name, endless
        self.problem, self.failures, self.seconds, self.said = "", 0, 0.0, ""
        self.not_before = self.began = self.ended = 0.0
        self._words, self._tell, self._wake = words, tell, wake
        self._process: Process | None = None
        self._in_a_row = 0
        self._told = ""

    @property
    def running(self) -> bool:
        """Whether its process was alive when it was last looked at."""
        return self._process is not None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    def start(self, now: float) -> None:
        """Start its process."""
        self.began = now
        self._process = Process(self._words, self._hear, self._wake)

    def look(self, now: float) -> bool:
        """Notice how its process is doing; True if it has just ended well."""
        if self._process is None:
            return False
        status = self._process.status()
        if status is None:
            return False
        words = self._process.last_words()
        self._process, self.ended = None, now
        if status == 0 and not self.endless:
            self.seconds, self.said = now - self.began, words
            self.recover()
            return True
        self._fail(_reason(status, words), now)
        return False

    def end(self) -> None:
        """Ask its process to end."""
        if self._process:
            self._process.ask_to_end()

    def gone(self) -> bool:
        """Whether its process has ended."""
        return self._process is None or self._process.status() is not None

    def kill(self) -> None:
        """Kill its process."""
        if self._process:
            self._process.kill()

    def recover(self) -> None:
        """Count it as well again."""
        if self.problem:
            self._tell(f"{self.name} works again")
        self.problem, self._in_a_row, self._told = "", 0, ""

    def _fail(self, reason: str, now: float) -> None:
        pause = min(FIRST_PAUSE_SECONDS * 2**self._in_a_row, LONGEST_PAUSE_SECONDS)
        self._in_a_row += 1
        self.failures += 1
        self.problem, self.not_before = reason, now + pause
        if _gist(reason) != self._told:
            self._told = _gist(reason)
            self._tell(
                f"{self.name} failed: {reason}; next try in {pause:.0f} s, then ever more rarely, up to once a minute"
            )

    def _hear(self, line: str) -> None:
        # Warnings of a step that goes on; how it ended is told by the step itself.
        if line.startswith("hydratrace: ") and _gist(line) != self._told:
            self._told = _gist(line)
            self._tell(f"{self.name}: {line.removeprefix('hydratrace: ')}")


def _reason(status: int, words: str) -> str:
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return re.sub(r"^hydratrace \w+: ", "", words) or f"ended with status {status}"


def _gist(text: str) -> str:
    """What is compared to see whether something is news: the text without its figures."""
    return re.sub(r"\d+", "#", text)
