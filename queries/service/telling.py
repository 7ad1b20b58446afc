"""What the service says it did: a line for what has landed, was linked, published, told or taken out."""

from collections import Counter
from collections.abc import Callable, Collection

from pipeline.contract.tables import EVENT_TABLES
from queries.service.figures import Figures
from queries.service.step import Step
from queries.service.watch import Watch

# While there is no pause in what lands, a line this often.
LANDED_EVERY_SECONDS = 60.0

Tell = Callable[[str], None]


class Teller:
    """Compares what is seen with what was told last; it speaks of the service's own `steps` only."""

    def __init__(self, tell: Tell, steps: Collection[str]) -> None:
        self._tell, self._steps = tell, steps
        self._seen: Figures | None = None  # what the last line about landing was drawn from
        self._told_at = 0.0
        self._run, self._alerts = "", Counter[tuple[str, str]]()

    def look(self, watch: Watch) -> None:
        """Tell what is new."""
        seen = watch.figures
        if seen is None:
            return
        if self._seen is None:
            self._seen, self._run, self._alerts = seen, seen.run.run_id if seen.run else "", _delivered(seen)
            return
        if "land" in self._steps:
            self._landed(watch, self._seen, seen)
        if "link" in self._steps and seen.run and seen.run.run_id != self._run:
            self._run = seen.run.run_id
            verdicts = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(seen.verdicts.items()))
            self._tell(f"linked {self._run}: {sum(seen.verdicts.values()):,} clusters ({verdicts or 'none'})")
        after = _delivered(seen)
        for (hook, state), count in sorted((after - self._alerts).items()) if "alert" in self._steps else ():
            self._tell(f"alerted {hook}: {count:,} {state}")
        self._alerts = after

    def did(self, step: Step) -> None:
        """Tell how a step that has an end went."""
        self._tell(f"{step.name} took {step.seconds:.1f} s" + (f": {step.said}" if step.name != "link" else ""))

    def _landed(self, watch: Watch, before: Figures, seen: Figures) -> None:
        landed = {table.name: _more(table.name, before, seen) for table in EVENT_TABLES}
        rejected, matches = _more("rejected", before, seen), _more("matches", before, seen)
        total = sum(landed.values())
        if not total and not rejected:
            return
        if not watch.idle and seen.at - self._told_at < LANDED_EVERY_SECONDS:
            return
        tables = ", ".join(f"{table} {rows:,}" for table, rows in landed.items() if rows)
        lag = "unknown" if watch.lag is None else f"{watch.lag:,} {watch.unit}"
        self._tell(
            f"landed {total:,} events" + (f" ({tables})" if tables else "") + f", {rejected:,} rejected"
            f", {matches:,} matches of known operators; lag {lag}"
        )
        self._seen, self._told_at = seen, seen.at


def _more(table: str, before: Figures, after: Figures) -> int:
    """Rows that came; what retention or erasure took is no landing."""
    return max(0, after.rows(table) - before.rows(table))


def _delivered(seen: Figures) -> Counter[tuple[str, str]]:
    """How many alerts of each hook came to an end, by the state they ended in."""
    return Counter({(owed.hook, owed.state): owed.alerts for owed in seen.alerts if owed.state != "pending"})
