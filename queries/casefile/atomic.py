"""Files that appear whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(target: Path, mode: int = 0o444) -> Iterator[Path]:
    """A path in the target's folder to write to; at the end it is synced and takes the target's place.

    Whoever has the old file open keeps it. After an error the target is as it was.
    """
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    unfinished = scratch / target.name
    try:
        yield unfinished
        unfinished.chmod(mode)
        _sync(unfinished)
        unfinished.replace(target)
        _sync(target.parent)
    finally:
        shutil.rmtree(scratch)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
