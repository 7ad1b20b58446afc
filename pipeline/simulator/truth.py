"""The truth of a simulation: who is who."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.simulator.filed import Filed
from pipeline.simulator.world import Neighbour

COLUMNS = ("account_id", "label", "operator", "kind", "group")
Row = tuple[str, ...]


class Truth(Mapping[str, Row]):
    """Rows of truth.csv by account, in the order of sign-up.

    `operator` is for the guilty, `group` for honest accounts that belong together.
    """

    def __init__(self) -> None:
        self._accounts = Filed(Neighbour)

    def add(self, account: Neighbour) -> None:
        """Note an account, once."""
        if account.account_id not in self:
            self._accounts.append(account, account.account_id)

    def __getitem__(self, account_id: str) -> Row:
        return _row(self._accounts.named(account_id))

    def __iter__(self) -> Iterator[str]:
        return (account.account_id for account in self._accounts)

    def __len__(self) -> int:
        return len(self._accounts)

    def write(self, path: Path) -> None:
        """Write all rows."""
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(map(_row, self._accounts))


def _row(account: Neighbour) -> Row:
    return tuple(getattr(account, column) for column in COLUMNS)
