"""A queue by time on disk: what waits for its turn, however much of it."""

import pickle
from typing import Generic, TypeVar

from pipeline.simulator.filed import temporary

T = TypeVar("T")


class Waiting(Generic[T]):
    """Items by time and place, of which no two may share both; of them all, a bounded cache is in memory."""

    def __init__(self) -> None:
        self._connection = temporary(self)
        self._connection.execute(
            "CREATE TABLE items (time INTEGER, place INTEGER, item BLOB, PRIMARY KEY (time, place)) WITHOUT ROWID"
        )
        self.first: tuple[int, int] | None = None  # time and place of the item whose turn is next

    def put(self, time: int, place: int, item: T) -> None:
        """Add an item."""
        packed = pickle.dumps(item, pickle.HIGHEST_PROTOCOL)
        self._connection.execute("INSERT INTO items VALUES (?, ?, ?)", (time, place, packed))
        if self.first is None or (time, place) < self.first:
            self.first = time, place

    def take(self) -> T:
        """Remove the first item; IndexError when there is none."""
        if self.first is None:
            raise IndexError("nothing waits")
        execute = self._connection.execute
        (packed,) = execute("SELECT item FROM items WHERE time = ? AND place = ?", self.first).fetchone()
        execute("DELETE FROM items WHERE time = ? AND place = ?", self.first)
        self.first = execute("SELECT time, place FROM items ORDER BY time, place LIMIT 1").fetchone()
        item: T = pickle.loads(packed)
        return item
