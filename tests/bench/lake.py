"""Writes the synthetic lake that make bench-queries measures, a day at a time.

Usage: python -m tests.bench.lake LAKE ACCOUNTS EVENTS (the 30 days and a run) | more LAKE … (one more day) |
                                  again LAKE … (one more run)
"""

import json
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
from deltalake import write_deltalake

from graph.runfiles import make_visible, write_files
from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME, RUN_TABLES, Run
from pipeline.lake import Lake
from tests.bench import days, runs

DAYS = 30
FIRST = date(2026, 7, 1)  # the 31st day is of the same month
MEMORY = "1GB"


class Builder:
    """The population, and the lake that its days are appended to."""

    def __init__(self, root: Path, accounts: int, events: int) -> None:
        self.lake = Lake.create(root, "bench")
        self.requests = events // DAYS
        self.con = duckdb.connect(config={"memory_limit": MEMORY, "threads": 2, "temp_directory": str(root / "spill")})
        self.con.execute("SET TimeZone = 'UTC'")
        self.con.execute((Path(__file__).parent / "population.sql").read_text(encoding="utf-8"), {"accounts": accounts})

    def day(self, number: int) -> None:
        """Append day `number` to every event table and to account_key_days."""
        values = {"day": str(FIRST + timedelta(number)), "number": number, "requests": self.requests}
        for table in days.EVENTS:
            sql = days.events_sql(table)
            rows = self.con.sql(sql, params={k: v for k, v in values.items() if f"${k}" in sql}).to_arrow_table()
            rows = rows.cast(arrow_schema(BY_NAME[table]))
            write_deltalake(self.lake.table(table), rows, mode="append")
            self.con.register(table, rows)
        self._append("account_key_days", days.KEY_DAYS, {"day": values["day"]})

    def run(self) -> None:
        """Write a run over all days."""
        started = datetime.now(UTC)
        run_id = f"run-{started:%Y%m%dT%H%M%S}"
        self.con.execute(runs.LINKED)
        self.con.execute(runs.KEYS.format(key_days=self.lake.select("account_key_days")))
        tables = {}
        for spec in RUN_TABLES:
            sql = runs.table_sql(spec.name, run_id)
            tables[spec.name] = self.con.sql(
                sql, params={"day": str(FIRST)} if "$day" in sql else None
            ).to_arrow_table()
        files = write_files(self.lake, run_id, tables)
        made = Run(
            run_id=run_id,
            started_at=started,
            as_of=None,
            positions=json.dumps({}),
            previous_run_id=None,
            code_version="bench",
            settings_hash="",
            files=files,
        )
        make_visible(self.lake, made)

    def _append(self, table: str, sql: str, values: dict[str, object]) -> None:
        rows = self.con.sql(sql, params=values).to_arrow_table().cast(arrow_schema(BY_NAME[table]))
        write_deltalake(self.lake.table(table), rows, mode="append")


def main() -> None:
    """Write what the arguments say."""
    *more, root, accounts, events = sys.argv[1:]
    builder = Builder(Path(root), int(accounts), int(events))
    match more:
        case ["more"]:
            builder.day(DAYS)
            return
        case ["again"]:
            builder.run()
            return
    for number in range(DAYS):
        builder.day(number)
    builder.run()


if __name__ == "__main__":
    main()
