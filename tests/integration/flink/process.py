"""A process of its own session that outlives who started it; a pid file with its start time tells it from any other."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

END_SECONDS = 10.0
LOOK_SECONDS = 0.05
# Places in /proc/PID/stat after the name, which is the only field that may hold blanks.
STATE, SESSION, BORN = 0, 3, 19


class Process:
    """One named process with `NAME.pid` and `NAME.log` in `folder`; it may have been started by somebody before us."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.log = name, folder / f"{name}.log"
        self._file = folder / f"{name}.pid"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its process id; None when it does not run."""
        with suppress(OSError, ValueError):
            pid, born = self._file.read_text(encoding="ascii").split()
            if _field(int(pid), BORN) == born and _field(int(pid), STATE) != "Z":
                return int(pid)
        return None

    def start(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start it, with its output at the end of its log."""
        self.kill()
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        self._file.write_text(f"{self._child.pid} {_field(self._child.pid, BORN)}", encoding="ascii")

    def children(self) -> list[int]:
        """The other processes of its session, the oldest first."""
        pid = self._leader()
        return sorted(each for each in _session(pid) if each != pid) if pid else []

    def kill(self) -> None:
        """SIGKILL to it and to what it started."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM to it and to what it started; SIGKILL to what is still there after a while."""
        self._end(signal.SIGTERM)
        self._end(signal.SIGKILL)
        self._file.unlink(missing_ok=True)

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:]) if self.log.exists() else ""

    def _leader(self) -> int | None:
        """The number of its session, also when only children are left of it."""
        with suppress(OSError, ValueError):
            pid, born = self._file.read_text(encoding="ascii").split()
            # A number is not given to another process while a session bears it.
            if _field(int(pid), BORN) in (born, ""):
                return int(pid)
        return None

    def _end(self, number: signal.Signals) -> None:
        leader, deadline = self._leader(), time.monotonic() + END_SECONDS
        while leader and (left := _session(leader)):
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
            if number != signal.SIGKILL and time.monotonic() > deadline:
                return
            time.sleep(LOOK_SECONDS)
        if leader and number == signal.SIGKILL and _field(leader, STATE) == "Z":
            os.kill(leader, number)  # its first thread may be a zombie while others live on
        if self._child and number == signal.SIGKILL:
            self._child.wait(END_SECONDS)
            self._child = None


def _session(leader: int) -> list[int]:
    """The living processes of a session."""
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
    return [pid for pid in pids if _field(pid, SESSION) == str(leader) and _field(pid, STATE) != "Z"]


def _field(pid: int, number: int) -> str:
    """A field of /proc/PID/stat; empty when there is no such process."""
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[number]
        )
    except OSError:
        return ""
