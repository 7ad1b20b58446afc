"""Python's cycle collector, kept from walking again and again through objects that form no cycle."""

import atexit
import contextlib
import functools
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """No collections inside the block, which makes tens of thousands of objects at once: a batch's records."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@functools.cache
def spare_imports() -> None:
    """Once a process: never look again at what is there now, mostly what imported modules are made of."""
    gc.freeze()
    atexit.register(gc.unfreeze)  # DuckDB's bindings report what the last collection leaves behind as leaks
