"""Appends each alert to a file, one line of JSON each: for `tail -f`, log shippers and the demo."""

import fcntl
import os
from pathlib import Path

from pipeline.alerts.receiver import Message, Outcome, Receiver
from pipeline.errors import UsageError
from pipeline.settings import Hook, Settings


def build(hook: Hook, settings: Settings) -> Receiver:
    """The receiver that `hook` names."""
    return JsonLines(file_of(hook))


class JsonLines:
    """A file that grows by a line an alert."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def deliver(self, message: Message) -> Outcome:
        """Append the body as queued."""
        return append_line(self.path, message.body)


def file_of(hook: Hook) -> Path:
    """The file that `path` of `hook` names.

    Raises UsageError if there is no such setting, or it names a folder.
    """
    if not hook.path or Path(hook.path).expanduser().is_dir():
        raise UsageError(f"hook {hook.name} ({hook.type}): path is {hook.path!r}", expected="a file to append to")
    return Path(hook.path).expanduser().absolute()


def append_line(path: Path, line: str) -> Outcome:
    """Append `line` whole and flushed to the disk, or not at all; a torn line of a crash before is ended first."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _append(descriptor, line.encode() + b"\n")
        finally:
            os.close(descriptor)
    except OSError as error:
        return Outcome("again", f"cannot append to the file: {error.strerror}")
    return Outcome("delivered", "appended")


def _append(descriptor: int, line: bytes) -> None:
    size = os.fstat(descriptor).st_size
    data = line if size == 0 or os.pread(descriptor, 1, size - 1) == b"\n" else b"\n" + line
    try:
        while data:
            data = data[os.write(descriptor, data) :]
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise
