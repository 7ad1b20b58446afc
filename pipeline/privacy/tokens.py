"""Keyed tokens: equal values stay equal, nothing else of them is left."""

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from pipeline.contract.events import MINHASH_SLOTS
from pipeline.privacy.keyfile import Key

VERSION = "v1"
TOKEN_HEX = 32
PREFIX = f"{VERSION}:"
LENGTH = len(PREFIX) + TOKEN_HEX
DIGEST_BYTES = 32  # of SHA-256


class Tokens:
    """Makes tokens with one key: HMAC-SHA-256 over kind, NUL, value, cut to 128 bits, written `v1:` + 32 hex digits."""

    def __init__(self, key: Key) -> None:
        self._keyed = HMAC(key.secret, SHA256())
        self._cipher = Cipher(algorithms.AES256(key.derive("minhash")), modes.ECB())

    def token(self, kind: str, value: str) -> str:
        """Token of one value."""
        return self.tokens(kind, [value])[0]

    def tokens(self, kind: str, values: Iterable[str]) -> list[str]:
        """Tokens of many values of one kind, in their order."""
        tokens: list[str] = self.array(kind, values).to_pylist()
        return tokens

    def array(self, kind: str, values: Iterable[str]) -> pa.StringArray:
        """The same as an Arrow array, without a Python text for each token."""
        return _written(self._digests(kind, [value.encode("utf-8", "surrogatepass") for value in values]))

    def digest(self, kind: str, value: bytes) -> str:
        """Token of bytes that may not be text."""
        token: str = _written(self._digests(kind, [value]))[0].as_py()
        return token

    def _digests(self, kind: str, values: Iterable[bytes]) -> list[bytes]:
        start = self._keyed.copy()
        start.update(kind.encode() + b"\0")
        made = []
        for value in values:
            keyed = start.copy()
            keyed.update(value)
            made.append(keyed.finalize())
        return made

    def slots(self, minhashes: npt.NDArray[np.uint32], recipe: str) -> npt.NDArray[np.int64]:
        """Keyed MinHash slots: (n, 16) uint32 → (n, 16) int64 in the uint32 range.

        A slot is the first 32 bits of AES-256 over the block (recipe, slot, value): a pseudorandom function, so equal
        values of one slot and recipe stay equal, and chance equality stays as rare as in the MinHash itself (2⁻³²).
        One call encrypts the whole batch; HMAC would cost 16 digests an event.
        """
        blocks = np.empty((*minhashes.shape, 4), dtype="<u4")
        blocks[..., 0] = minhashes
        blocks[..., 1] = np.arange(MINHASH_SLOTS, dtype="<u4")
        blocks[..., 2:] = np.frombuffer(hashlib.sha256(recipe.encode()).digest()[:8], dtype="<u4")
        encrypted = self._cipher.encryptor().update(blocks.tobytes())
        return np.frombuffer(encrypted, dtype="<u4").reshape(blocks.shape)[..., 0].astype(np.int64)


def _written(digests: list[bytes]) -> pa.StringArray:
    """Write digests as tokens: all are of one length, so their places are known."""
    count = len(digests)
    texts = np.empty((count, LENGTH), np.uint8)
    texts[:, : len(PREFIX)] = np.frombuffer(PREFIX.encode(), np.uint8)
    digits = np.frombuffer(b"".join(digests).hex().encode(), np.uint8).reshape(count, 2 * DIGEST_BYTES)
    texts[:, len(PREFIX) :] = digits[:, :TOKEN_HEX]
    ends = np.arange(0, LENGTH * (count + 1), LENGTH, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(ends), pa.py_buffer(texts))
