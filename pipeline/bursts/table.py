"""The rows of `signup_bursts`: weighed, kept where they say something, and replaced day by day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import log
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError

from pipeline.bursts.past import Past, Tally
from pipeline.bursts.signups import Day
from pipeline.bursts.surprise import surprise
from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME
from pipeline.lake import Lake
from pipeline.landing.append import WRITER, commit, unwritable

TABLE = "signup_bursts"
SCHEMA = arrow_schema(BY_NAME[TABLE])
CROWDED = pa.schema([SCHEMA.field(name) for name in ("kind", "key", "window_start", "signups")])
# Stored is what a key's own past would show less than once in twenty times. It bounds the table too: chance alone
# leaves a twentieth of the windows in which a key has several sign-ups.
LEAST_NATS = log(20)


@dataclass(frozen=True)
class Plan:
    """What one update does: the days drawn anew, those read for their past, and the positions it brings the table to.

    `since` and `until`: application id → position before and after.
    """

    targets: tuple[Day, ...]
    past: tuple[Day, ...]
    since: Mapping[str, int]
    until: Mapping[str, int]


def whole(crowded: Iterable[pa.Table]) -> pa.Table:
    """All crowded windows: (kind, key, window_start, signups)."""
    return pa.concat_tables([CROWDED.empty_table(), *crowded]).combine_chunks()


def scored(rows: pa.Table, tallies: Sequence[Tally]) -> pa.Table:
    """Rows of the table from the crowded windows."""
    days: list[date] = rows["window_start"].cast(pa.date32()).to_pylist()
    pasts = {day: Past(day, tallies) for day in set(days)}
    hours = pc.hour(rows["window_start"]).to_pylist()
    keys = zip(rows["kind"].to_pylist(), rows["key"].to_pylist(), strict=True)
    expected = np.array(
        [pasts[day].expected(kind, key, hour) for day, hour, (kind, key) in zip(days, hours, keys, strict=True)]
    )
    rows = rows.append_column("event_date", pa.array(days, pa.date32()))
    rows = rows.append_column("expected", pa.array(expected))
    rows = rows.append_column("surprise", pa.array(surprise(rows["signups"].to_numpy(), expected)))
    kept = rows.filter(pc.field("surprise") >= LEAST_NATS).select(SCHEMA.names).cast(SCHEMA)
    return kept.sort_by([(name, "ascending") for name in ("window_start", "kind", "key")])


def replace_days(root: Path, plan: Plan, rows: pa.Table) -> None:
    """Put `rows` in the place of all rows of the plan's days and move the positions, in one commit.

    Does nothing if the table is not where the plan began: this bundle is tried again, or somebody else was faster. Then
    the positions are not the plan's, and whoever made it makes another.
    Raises LakeError if the table cannot be written.
    """
    lake = Lake.open(root)
    table = lake.table(TABLE)
    if positions(table, plan.since) != plan.since:
        return
    moved = {app: end for app, end in plan.until.items() if end != plan.since[app]}
    try:
        if plan.targets:
            _overwrite(table, rows, [target.day for target in plan.targets], moved)
        else:
            commit(table, rows, moved)
    except CommitFailedError:
        return
    except (DeltaError, OSError) as error:
        raise unwritable(lake, TABLE, error) from None


def _overwrite(table: DeltaTable, rows: pa.Table, days: list[date], moved: Mapping[str, int]) -> None:
    listed = ", ".join(f"'{day}'" for day in days)
    transactions = [Transaction(app, end) for app, end in moved.items()]
    write_deltalake(
        table,
        rows,
        mode="overwrite",
        predicate=f"event_date IN ({listed})",
        writer_properties=WRITER,
        commit_properties=CommitProperties(app_transactions=transactions, max_commit_retries=0),
    )


def positions(table: DeltaTable, applications: Iterable[str]) -> dict[str, int]:
    """Where the table stands: application id → position, 0 for none."""
    return {app: table.transaction_version(app) or 0 for app in applications}
