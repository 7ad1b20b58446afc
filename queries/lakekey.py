"""The key that a lake's tokens were made with."""

import os
from pathlib import Path

from pipeline.errors import LakeError
from pipeline.lake import Lake
from pipeline.privacy.keyfile import Key, default_path, load_key
from pipeline.settings import Settings


def lake_key(lake: Lake, settings: Settings) -> Key:
    """The key that the settings name.

    Raises LakeError if it cannot be read, or is not the lake's own.
    """
    path = Path(settings.key_file) if settings.key_file else default_path(os.environ)
    key = load_key(path)
    if key.check != lake.marker.key_check:
        raise LakeError(
            f"the key in {path} is not the one that the lake at {lake.root} was landed with",
            remedy="name that key's file in key_file",
        )
    return key
