"""The outbox: what a hook was told and what is still owed to it, folded from the table `alerts`."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import msgspec
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError

from pipeline.alerts.findings import Envelope, Finding
from pipeline.alerts.schedule import LONGEST
from pipeline.alerts.text import clean
from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME, Alert
from pipeline.deltalog import transaction_versions
from pipeline.errors import LakeError
from pipeline.lake import Lake

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
HOLD = "/hold"
# A commit fails when the table is made, or changed by compaction, at that very moment.
ATTEMPTS = 5
# A commit costs 80 µs a live file, and each delivery adds one.
MOST_FILES = 100


class Outbox:
    """The deliveries of one hook; only the holder of the hook's claim may have one.

    Each commit carries the hook's own application transaction, compared and set on the table object that read the
    rows: should the claim ever fail, the second writer is refused and nothing is told twice in the table.
    """

    def __init__(self, lake: Lake, hook: str) -> None:
        self.hook = hook
        self._transaction, self._comparison = f"alerts/{hook}", f"alerts/{hook}/run"
        self._hold, self._matches = f"alerts/{hook}{HOLD}", f"alerts/{hook}/matches"
        self._path = lake.path("alerts")
        self._table, self._commits = lake.table("alerts"), 0
        rows = pa.table(self._table.to_pyarrow_table(filters=[("hook", "=", hook)])).to_pylist()
        self.deliveries = folded(msgspec.convert(row, Alert) for row in rows)
        self._last = max((alert.at for alert in self.deliveries.values()), default=EPOCH)

    @property
    def compared(self) -> datetime:
        """Start of the newest run that this hook's alerts were drawn from."""
        return self._instant(self._comparison)

    def _instant(self, transaction: str) -> datetime:
        return EPOCH + TICK * (self._table.transaction_version(transaction) or 0)

    @property
    def disabled(self) -> bool:
        """Whether the receiver's last word was that it wants no more."""
        newest = max(self.deliveries.values(), key=lambda alert: alert.at, default=None)
        return newest is not None and newest.state == "disabled"

    @property
    def ends(self) -> dict[str, int]:
        """Topic id/partition → end of the matches that this hook was told of."""
        versions = transaction_versions(self._path)
        mark = self._matches + "/"
        return {name.removeprefix(mark): end for name, end in versions.items() if name.startswith(mark)}

    def told(self) -> dict[str, Finding]:
        """Cluster → the finding last queued for it, whoever touched it since."""
        findings = (envelope(alert).data for alert in self.deliveries.values())
        return {finding.cluster_uid: finding for finding in findings if finding.change != "touched"}

    def touched(self) -> dict[str, list[Alert]]:
        """Cluster → deliveries that say who touched it, in the order they were queued."""
        found: dict[str, list[Alert]] = {}
        for alert in self.deliveries.values():
            if envelope(alert).data.change == "touched":
                found.setdefault(alert.cluster_uid, []).append(alert)
        return found

    def pending(self) -> list[Alert]:
        """What is owed, in the order it was queued."""
        return [alert for alert in self.deliveries.values() if alert.state == "pending"]

    def due(self, now: datetime) -> list[Alert]:
        """What may be sent now, in the order it was queued; nothing while the receiver is left in peace.

        What is told later of a cluster waits for what was tried before: else its end could arrive before its beginning.
        """
        found: list[Alert] = []
        if not is_due(self._instant(self._hold), now):
            return found
        waiting: set[str] = set()
        for alert in self.pending():
            if alert.cluster_uid not in waiting and is_due(alert.due_at, now):
                found.append(alert)
            elif alert.attempts:
                waiting.add(alert.cluster_uid)
        return found

    def next_due(self) -> datetime | None:
        """When something may be sent next, at the earliest; None if nothing is owed."""
        waits: list[datetime] = []
        waiting: set[str] = set()
        for alert in self.pending():
            if alert.cluster_uid not in waiting:
                waits.append(alert.due_at or EPOCH)
            if alert.attempts:
                waiting.add(alert.cluster_uid)
        return max(min(waits), self._instant(self._hold)) if waits else None

    def record(
        self,
        alerts: Iterable[Alert],
        compared: datetime | None = None,
        hold_until: datetime | None = None,
        ends: Mapping[str, int] | None = None,
    ) -> None:
        """Add transitions, in one commit.

        `compared` notes the start of the run they were drawn from, `ends` those of the matches, and `hold_until` until
        when nothing may be sent.
        Raises LakeError if another process wrote for this hook since its rows were read.
        """
        rows = [self._stamped(alert) for alert in alerts]
        version = (self._table.transaction_version(self._transaction) or 0) + 1
        transactions = [Transaction(self._transaction, version)]
        noted = {self._comparison: compared, self._hold: hold_until}
        transactions += [Transaction(name, (at - EPOCH) // TICK) for name, at in noted.items() if at is not None]
        transactions += [Transaction(f"{self._matches}/{place}", end) for place, end in (ends or {}).items()]
        data = pa.Table.from_pylist([msgspec.structs.asdict(row) for row in rows], schema=SCHEMA)
        try:
            self._commit(data, CommitProperties(app_transactions=transactions), version - 1)
        except (DeltaError, OSError) as error:
            raise LakeError(f"cannot write the table alerts: {clean(str(error), 200)}") from None
        for row in rows:
            _fold(self.deliveries, row)

    def _commit(self, data: pa.Table, properties: CommitProperties, tip: int) -> None:
        """Append while the hook's own transaction is still at `tip`; other writers' commits only cost another try."""
        for _ in range(ATTEMPTS):
            try:
                write_deltalake(self._table, data, mode="append", commit_properties=properties)
                self._commits += 1
                if self._commits % MOST_FILES == 0:
                    _compact(self._table)
                return
            except CommitFailedError:
                self._table.update_incremental()
            if (self._table.transaction_version(self._transaction) or 0) != tip:
                break
        raise LakeError(
            f"another process writes alerts of hook {self.hook}",
            expected="one sender per hook and lake",
            remedy="keep the lake where file locks work, and run hydratrace alert again",
        )

    def _stamped(self, alert: Alert) -> Alert:
        """`alert` later than every row of the hook, so that order survives a clock set back."""
        self._last = max(alert.at, self._last + TICK)
        return msgspec.structs.replace(alert, at=self._last)


def is_due(due_at: datetime | None, now: datetime) -> bool:
    """Whether it is time. No wait is so long as the longest that we set: our clock was set back since."""
    return due_at is None or not now < due_at <= now + LONGEST


SCHEMA = arrow_schema(BY_NAME["alerts"])


def folded(rows: Iterable[Alert]) -> dict[str, Alert]:
    """Delivery → its newest transition with the body that was queued; in the order they were first queued."""
    found: dict[str, Alert] = {}
    for row in sorted(rows, key=lambda row: row.at):
        _fold(found, row)
    return found


def _fold(found: dict[str, Alert], row: Alert) -> None:
    known = found.get(row.alert_uid)
    body = row.body if row.body is not None or known is None else known.body
    found[row.alert_uid] = msgspec.structs.replace(row, body=body)


def all_deliveries(lake: Lake) -> list[Alert]:
    """Deliveries of every hook as they stand, newest transition first."""
    rows = pa.table(lake.table("alerts").to_pyarrow_table()).to_pylist()
    found = folded(msgspec.convert(row, Alert) for row in rows).values()
    return sorted(found, key=lambda alert: alert.at, reverse=True)


def holds(lake: Lake) -> dict[str, datetime]:
    """Hook → until when its receiver is left in peace, whatever is owed to it."""
    versions = transaction_versions(lake.path("alerts"))
    ends = {name.removeprefix("alerts/"): version for name, version in versions.items() if name.endswith(HOLD)}
    return {name.removesuffix(HOLD): EPOCH + TICK * version for name, version in ends.items()}


def envelope(alert: Alert) -> Envelope:
    """The body of a delivery, decoded."""
    assert alert.body is not None, alert.alert_uid
    return msgspec.json.decode(alert.body, type=Envelope)


def tidy(lake: Lake) -> None:
    """Compact the table when its many small files begin to slow commits down."""
    table = lake.table("alerts")
    if len(table.file_uris()) > MOST_FILES:
        _compact(table)


def _compact(table: DeltaTable) -> None:
    with suppress(CommitFailedError):  # another sender compacts at this very moment
        table.optimize.compact()
