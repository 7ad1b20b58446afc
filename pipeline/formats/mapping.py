"""What a foreign format is: how its records fall into items, and where an item has the fields of our events."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

Fields = Mapping[str, "Source"]
ABSENT = (None, "", "-")  # "-" is how gateways write that there is no value


class Reader(Protocol):
    """Makes a value ours; `__doc__` says how. What it does not understand it hands on or leaves out (None)."""

    def __call__(self, value: Any, /) -> Any:
        """Read a value; never raises."""


class Source(NamedTuple):
    """Where a field of ours is found: the first pointer (RFC 6901) with a value counts, `read` makes it ours."""

    pointers: tuple[str, ...]
    read: Reader


class Item(NamedTuple):
    """A part of a record that makes one event: its shape, which names the mapping, its content and its JSON path."""

    shape: str
    content: Any
    path: str = "$"


@dataclass(frozen=True)
class Format:
    """A foreign format.

    `items` yields what makes an event of `table` and leaves out what does not; it accepts any JSON value.
    `shapes` has a mapping for every shape of item. `about` is what a user must know, `documents` the mapping's sources.
    """

    table: str
    shapes: Mapping[str, Fields]
    items: Callable[[Any], Iterable[Item]]
    about: str
    documents: tuple[str, ...]


def at(*pointers: str, read: Reader | None = None) -> Source:
    """Source at the pointers, as it is unless `read` says otherwise."""
    return Source(pointers, read or as_it_is)


def always(value: str) -> Source:
    """Source of a constant."""

    def constant(_: Any) -> str:
        return value

    constant.__doc__ = f"Always `{value}`"
    return Source(("",), constant)


def as_it_is(value: Any) -> Any:
    """As it is."""
    return value


def keys(pointer: str) -> tuple[str, ...]:
    """Keys of a JSON pointer; the empty one means the whole document. Raises ValueError if it is none."""
    if pointer and not pointer.startswith("/"):
        raise ValueError(pointer)
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def look_up(content: Any, path: Iterable[str]) -> Any:
    """Return the value at `path`; None where there is none."""
    for key in path:
        if isinstance(content, dict):
            content = content.get(key)
        elif isinstance(content, list) and key.isascii() and key.isdigit() and len(key) < 10:
            content = content[int(key)] if int(key) < len(content) else None
        else:
            return None
    return content


def json_path(pointer: str) -> str:
    """Write a pointer as the end of a JSON path, which is how `rejected` tells places."""
    parts = keys(pointer)
    return "".join(f".{key}" if key.isidentifier() else f"[{key}]" if key.isdigit() else f"['{key}']" for key in parts)
