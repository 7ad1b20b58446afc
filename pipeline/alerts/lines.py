"""Appends a line to a file: whole and on the disk, or not at all."""

import fcntl
import os
from pathlib import Path

from pipeline.alerts.receiver import Outcome


def append_line(path: Path, line: str) -> Outcome:
    """Append `line`; one that a crash tore before is ended first."""
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
