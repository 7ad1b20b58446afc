"""The keys looked out for, in a form that costs little to ask: a million keys as well as ten."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Places = NDArray[np.int64]


class KeySet:
    """Keys of one kind with their `watched_keys` columns, each key once.

    Sorted by Python's own hash, which nobody outside this process can foresee: 16 bytes a key beside the text, and no
    table to build for each batch. Two of a million keys have one hash with chance 3e-8; the second is then not found.
    """

    def __init__(self, rows: pa.Table) -> None:
        hashes = _hashes(rows["key"].to_pylist())
        order = np.argsort(hashes, kind="stable")
        self._hashes, self.rows = hashes[order], rows.take(pa.array(order)).combine_chunks()

    def find(self, shown: pa.ChunkedArray) -> tuple[Places, Places]:
        """Places in `shown` that hold a key of the set, and the place of each key in `rows`."""
        coded = shown.combine_chunks().dictionary_encode()
        texts = coded.dictionary.to_pylist()
        hashes = _hashes(texts)
        near = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
        place = np.full(len(texts) + 1, -1, dtype=np.int64)  # the last is for nulls
        for at in np.flatnonzero(self._hashes[near] == hashes).tolist():
            if self.rows["key"][near[at]].as_py() == texts[at]:
                place[at] = near[at]
        if place.max() < 0:
            return place[:0], place[:0]
        found = place[coded.indices.fill_null(len(texts)).to_numpy()]
        at_rows = np.flatnonzero(found >= 0)
        return at_rows, found[at_rows]


@dataclass(frozen=True)
class WatchList:
    """What a link run and the decisions since say: keys by kind, and the accounts that are known already.

    `members`: account → its cluster, of watched clusters only.
    """

    run_id: str = ""
    kinds: Mapping[str, KeySet] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)


def _hashes(texts: list[str]) -> Places:
    return np.fromiter(map(hash, texts), np.int64, len(texts))
