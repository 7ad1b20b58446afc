"""Files that appear whole or not at all, whoever is killed or races meanwhile."""

import os
import secrets
from pathlib import Path


def make_once(path: Path, content: bytes, mode: int = 0o666) -> bool:
    """Make the file `path` with `mode`, less the umask; False if it was there, or somebody else was faster.

    Raises OSError, and then leaves nothing behind.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike a rename it never replaces
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True
