"""The key that tokens are made with: a file apart from the lake, made once, never shown."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import LakeError
from pipeline.onefile import make_once

KEY_BYTES = 32


class Key:
    """A secret of 32 bytes; `check` identifies it without telling it."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret

    @property
    def check(self) -> str:
        """Value kept in the lake, by which another key is noticed."""
        return self.derive("check").hex()

    def derive(self, purpose: str) -> bytes:
        """Return a 32-byte key for `purpose`, independent of every other purpose's."""
        return hmac.digest(self.secret, b"derive\0" + purpose.encode(), hashlib.sha256)


@dataclass(frozen=True)
class KeyFile:
    """A key for another process, which reads it from its own `path`: the secret itself does not travel."""

    path: Path
    check: str

    def load(self) -> Key:
        """Read it. Raises LakeError as `load_key` does, and if the file holds another key."""
        key = load_key(self.path)
        if key.check != self.check:
            raise LakeError(
                f"{self.path} holds another key than the lake was written with",
                expected="the same key file wherever workers run",
            )
        return key


def default_path(environment: Mapping[str, str]) -> Path:
    """`$XDG_CONFIG_HOME/hydratrace/key`."""
    config = environment.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(config) / "hydratrace" / "key"


def load_key(path: Path) -> Key:
    """Read the key at `path` (64 hexadecimal digits).

    Raises LakeError if it is missing, malformed, or readable by everybody.
    """
    try:
        if path.stat().st_mode & 0o004:
            raise LakeError(f"everybody can read the key file {path}", remedy=f"chmod 600 {path}")
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        raise LakeError(
            f"no key file at {path}", remedy="name the file the lake was landed with in the setting key_file"
        ) from None
    except OSError as error:
        raise LakeError(f"cannot read the key file {path}: {error.strerror}") from None
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise LakeError(f"the key file {path} is damaged", expected="64 hexadecimal digits", remedy="restore it")
    return Key(secret)


def load_or_make_key(path: Path) -> tuple[Key, bool]:
    """Read the key at `path`, making it if there is none: (key, whether it was made).

    The new file appears whole or not at all, so that two first jobs at once agree on one key.
    """
    try:
        made = not path.exists()
        if made:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            made = make_once(path, f"{secrets.token_hex(KEY_BYTES)}\n".encode(), 0o600)
    except OSError as error:
        raise LakeError(f"cannot make the key file {path}: {error.strerror}") from None
    return load_key(path), made
