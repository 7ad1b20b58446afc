"""The truth of a simulation: who is who."""

import csv
from pathlib import Path

from pipeline.simulator.account import Account

COLUMNS = ("account_id", "label", "operator", "kind", "group")


class Truth:
    """Rows of truth.csv: `operator` is for the guilty, `group` for honest accounts that belong together."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[str, ...]] = {}

    def add(self, account: Account) -> None:
        """Note an account."""
        row = (account.account_id, account.label, account.operator, account.kind, account.group)
        self.rows[account.account_id] = row

    def write(self, path: Path) -> None:
        """Write the rows in the order of sign-up."""
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(self.rows.values())
