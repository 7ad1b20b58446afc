"""The manifest of a case: what every file must be, what it was derived from, and a hash-chained log."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from pipeline.errors import LakeError

NAME = "manifest.json"
FORMAT_VERSION = 1


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what when; `digest` covers the entry and `previous`, the digest of the entry before it."""

    at: datetime
    by: str
    did: str
    previous: str
    digest: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Contents of manifest.json. The last log entry names the SHA-256 of all the rest of it."""

    format_version: int
    cluster_uid: str
    revision: int
    made_at: datetime
    run_id: str
    positions: str
    as_of: datetime | None
    code_version: str
    settings_hash: str
    files: dict[str, str]
    log: list[Entry]


def chained(doings: Iterable[tuple[datetime, str, str]]) -> list[Entry]:
    """Entries for (at, by, did), each chained to the one before."""
    entries: list[Entry] = []
    for at, by, did in doings:
        previous = entries[-1].digest if entries else ""
        entries.append(Entry(at=at, by=by, did=did, previous=previous, digest=_digest(at, by, did, previous)))
    return entries


def content_digest(manifest: Manifest) -> str:
    """SHA-256 of the manifest without its log."""
    return hashlib.sha256(encoded(msgspec.structs.replace(manifest, log=[]))).hexdigest()


def encoded(manifest: Manifest) -> bytes:
    """The one way that a manifest is written: a byte that differs is a manifest that differs."""
    return msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=1) + b"\n"


def read(folder: Path) -> tuple[Manifest, list[str]]:
    """The manifest in `folder`, and what is wrong with it.

    Raises LakeError if there is none that can be read.
    """
    path = folder / NAME
    try:
        raw = path.read_bytes()
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise LakeError(f"cannot read {path}: {error}", expected="a folder that `hydratrace case` wrote") from None
    wrong = []
    if encoded(manifest) != raw:
        wrong.append(f"{NAME} is not as it was written")
    if chained((entry.at, entry.by, entry.did) for entry in manifest.log) != manifest.log:
        wrong.append("the log's chain is broken")
    if not manifest.log or content_digest(manifest) not in manifest.log[-1].did:
        wrong.append(f"{NAME} is not the one that its log tells of")
    return manifest, wrong


def _digest(at: datetime, by: str, did: str, previous: str) -> str:
    return hashlib.sha256(msgspec.json.encode([at, by, did, previous])).hexdigest()
