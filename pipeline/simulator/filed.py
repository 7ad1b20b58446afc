"""A list on disk: what every actor may ask for about the others, without holding it all in memory."""

import sqlite3
import weakref
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def temporary(owner: object) -> sqlite3.Connection:
    """A database in SQLite's own temporary file, gone with its `owner`; its one transaction is never committed."""
    # Whichever thread collects garbage may close it.
    connection = sqlite3.connect("", check_same_thread=False)
    weakref.finalize(owner, connection.close)
    return connection


class Filed(Sequence[T]):
    """Items of one type in the order they came, some found by a name; of them all, a bounded cache is in memory."""

    def __init__(self, item: type[T]) -> None:
        self._connection = temporary(self)
        self._connection.execute("CREATE TABLE items (number INTEGER PRIMARY KEY, name TEXT UNIQUE, item BLOB)")
        self._encode, self._decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(item).decode
        self._count = 0

    def append(self, item: T, name: str | None = None) -> None:
        """Add an item; of the names, none may come twice."""
        self._connection.execute("INSERT INTO items VALUES (?, ?, ?)", (self._count, name, self._encode(item)))
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: Any) -> Any:  # of slices, nobody asks
        row = self._connection.execute("SELECT item FROM items WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise IndexError(number)
        return self._decode(row[0])

    def named(self, name: str) -> T:
        """The item of this name; KeyError when there is none."""
        row = self._connection.execute("SELECT item FROM items WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise KeyError(name)
        return self._decode(row[0])
