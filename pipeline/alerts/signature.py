"""Signatures of Standard Webhooks 1.0.0."""

import base64
import binascii
import hmac
from datetime import datetime

from pipeline.alerts.secret_files import lines
from pipeline.errors import UsageError
from pipeline.settings import Hook

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64


def secrets(hook: Hook) -> list[bytes]:
    """The secrets in the hook's secret_file; during a rotation there are two, and both sign.

    Raises UsageError if one is malformed; the message does not repeat it.
    """
    return [_decoded(hook, line) for line in lines(hook, "secret_file")]


def signed_headers(keys: list[bytes], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Headers that prove `body` is ours: HMAC-SHA-256 of `id.timestamp.body` with each key."""
    seconds = str(int(at.timestamp()))
    signed = b".".join((message_id.encode(), seconds.encode(), body))
    signatures = (base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def _decoded(hook: Hook, secret: str) -> bytes:
    expected = f"{PREFIX} and the base64 of {SHORTEST} to {LONGEST} random bytes"
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise UsageError(f"hook {hook.name}: a secret in {hook.secret_file} is malformed", expected=expected)
    return key
