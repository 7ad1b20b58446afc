"""What the lake holds right now, in figures cheap enough to be drawn every few seconds."""

from collections import Counter
from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from pipeline.contract.tables import EVENT_TABLES, TABLES, Home, Run
from pipeline.lake import Lake


class Size(msgspec.Struct, frozen=True):
    """How large a table is."""

    rows: int
    files: int
    bytes: int


class Owed(msgspec.Struct, frozen=True):
    """Deliveries of one hook in one state; `due` is when the next of them may be sent."""

    hook: str
    state: str
    alerts: int
    due: datetime | None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The lake at one moment; `at` is of the monotonic clock, `run` the newest run over everything landed."""

    at: float
    sizes: dict[str, Size]
    positions: dict[str, int]
    rejected: dict[str, int]
    run: Run | None
    verdicts: dict[str, int]
    alerts: list[Owed]

    @property
    def events(self) -> int:
        """Rows of all event tables."""
        return sum(self.rows(table.name) for table in EVENT_TABLES)

    def rows(self, table: str) -> int:
        """Rows of a table; 0 if it was never written."""
        return self.sizes[table].rows if table in self.sizes else 0


class Viewer:
    """Draws figures again and again; what has not changed since is not read again."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._tables: dict[str, DeltaTable] = {}
        self._drawn: dict[tuple[str, str], tuple[object, Any]] = {}

    def look(self, now: float) -> Figures:
        """The lake as it is; raises LakeError, DeltaError or OSError if it cannot be read."""
        tables = [table.name for table in TABLES if table.home is not Home.RUN and self._fresh(table.name)]
        runs = self._cached("runs", "run", self._newest_run) if "runs" in tables else None
        return Figures(
            at=now,
            sizes={name: self._cached(name, "size", lambda name=name: self._size(name)) for name in tables},
            positions=self._lake.positions(),
            rejected=self._cached("rejected", "reasons", self._reasons) if "rejected" in tables else {},
            run=runs,
            verdicts=self._verdicts(runs) if runs else {},
            alerts=self._cached("alerts", "states", self._deliveries) if "alerts" in tables else [],
        )

    def _fresh(self, name: str) -> bool:
        """Bring the table `name` up to date; False if it was never written."""
        path = str(self._lake.path(name))
        if name not in self._tables:
            if not DeltaTable.is_deltatable(path):
                return False
            self._tables[name] = DeltaTable(path)
        try:
            self._tables[name].update_incremental()
        except DeltaError:  # the log was cleaned up since
            self._tables[name] = DeltaTable(path)
        return True

    def _cached(self, table: str, what: str, draw: Any) -> Any:
        version = self._tables[table].version()
        known = self._drawn.get((table, what))
        if known is None or known[0] != version:
            known = self._drawn[table, what] = (version, draw())
        return known[1]

    def _size(self, name: str) -> Size:
        actions = pa.table(self._tables[name].get_add_actions(flatten=True))
        rows, sizes = actions["num_records"].to_pylist(), actions["size_bytes"].to_pylist()
        return Size(sum(rows), len(rows), sum(sizes))

    def _reasons(self) -> dict[str, int]:
        reasons = self._tables["rejected"].to_pyarrow_table(columns=["reason"])["reason"].value_counts()
        return {pair["values"]: pair["counts"] for pair in reasons.to_pylist()}

    def _newest_run(self) -> Run | None:
        present = [run for run in self._lake.runs() if run.as_of is None]
        return present[-1] if present else None

    def _verdicts(self, run: Run) -> dict[str, int]:
        known = self._drawn.get(("clusters", run.run_id))
        if known is None:
            verdicts = pq.read_table(self._lake.run_file(run.run_id, "clusters"), columns=["verdict"])["verdict"]
            known = self._drawn["clusters", run.run_id] = (run.run_id, dict(Counter(verdicts.to_pylist())))
        found: dict[str, int] = known[1]
        return found

    def _deliveries(self) -> list[Owed]:
        columns = ["alert_uid", "hook", "state", "at", "due_at"]
        rows = self._tables["alerts"].to_pyarrow_table(columns=columns).sort_by("at").to_pylist()
        newest = {row["alert_uid"]: row for row in rows}.values()
        grouped: dict[tuple[str, str], list[datetime | None]] = {}
        for row in newest:
            grouped.setdefault((row["hook"], row["state"]), []).append(row["due_at"] or row["at"])
        return [
            Owed(hook, state, len(due), min(d for d in due if d) if state == "pending" else None)
            for (hook, state), due in sorted(grouped.items())
        ]
