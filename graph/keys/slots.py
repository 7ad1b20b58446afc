"""Phrases: the MinHash slot values that few accounts use, each by habit.

A prompt makes sixteen values, many times all other keys together, so no table keeps them: a run reads them from the
requests, a slot at a time, and counts them by sorting integers (value << 32 | account), which is an order of magnitude
cheaper than grouping strings.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graph.null import Bools, Ints

SLOTS = 16
# Slots are equals, so a run takes them in turn until it has so many (account, value) pairs that others share, which
# bounds memory whatever the number of requests. 160,000 simulated requests make 600,000 in all slots.
ENOUGH_HELD = 8_000_000
# Requests read at a time.
BATCH = 500_000

REQUESTS = """
    SELECT a, seq, epoch_us(event_time) AS at, prompt_minhash AS slots
    FROM events JOIN account USING (account_id) WHERE src = 'usage' AND len(prompt_minhash) = $slots"""

# What is kept of each request beside the values of its slots, 64 bits each.
COLUMNS = ("account", "seq", "at")

Words = NDArray[np.uint32]
Longs = NDArray[np.uint64]


@dataclass(frozen=True)
class Requests:
    """The requests that have slots: account, sequence number and time (µs) of each; `order[i]`: its place in time.

    `sent[a]`: how many account a has.
    """

    account: Longs
    seq: Longs
    at: Ints
    order: Words
    sent: Ints

    def pervades(self, accounts: Longs, events: Ints) -> Bools:
        """Whether what each account says in so many requests is in most of its requests."""
        return np.asarray(2 * events > self.sent[accounts.astype(np.int64)], dtype=np.bool_)


def make_slots(con: duckdb.DuckDBPyConnection, accounts: int, most: int, least: int) -> None:
    """Make the tables of the values that 2 to `most` accounts use in `least` requests each, from `events`, `account`.

    `slot_held` (a, key, first_seen, last_seen, events, first_event, unit): who uses which; what an account says
    together has one `unit`. `slot_holdings` (a, n): how many values an account uses so often of the slots that were
    taken, shared or not.
    """
    used = np.zeros(accounts, dtype=np.int64)
    parts: list[pa.Table] = []
    with tempfile.TemporaryDirectory(prefix="hydratrace-slots-") as folder:
        requests = _read(con, Path(folder))
        lead = np.zeros(len(requests.at), dtype=np.uint64)
        for slot in range(SLOTS):
            values = np.fromfile(_file(Path(folder), slot), dtype=np.uint32)
            shared = _shared(requests, values, used, most, least)
            parts.append(_held(requests, values, slot, shared, least, lead))
            if sum(part.num_rows for part in parts) >= ENOUGH_HELD:
                break
    _place(con, _united(pa.concat_tables(parts), lead, requests), used)


def _read(con: duckdb.DuckDBPyConnection, folder: Path) -> Requests:
    """Read all requests by way of files, one a column: the values of a slot stay there until its turn."""
    files = [_file(folder, name).open("wb") for name in (*COLUMNS, *range(SLOTS))]
    try:
        for batch in con.sql(REQUESTS, params={"slots": SLOTS}).to_arrow_reader(BATCH):
            columns = [column.to_numpy(zero_copy_only=False).astype(np.int64) for column in batch.columns[:3]]
            slots = batch.column(3).flatten().to_numpy(zero_copy_only=False).astype(np.uint32).reshape(-1, SLOTS)
            for file, values in zip(files, [*columns, *slots.T], strict=True):
                np.ascontiguousarray(values).tofile(file)
    finally:
        for file in files:
            file.close()
    account, seq = (np.fromfile(_file(folder, name), dtype=np.uint64) for name in ("account", "seq"))
    at = np.fromfile(_file(folder, "at"), dtype=np.int64)
    order = np.empty(len(at), dtype=np.uint32)
    order[np.lexsort((seq, at))] = np.arange(len(at), dtype=np.uint32)
    return Requests(account, seq, at, order, np.bincount(account.astype(np.int64)))


def _file(folder: Path, column: str | int) -> Path:
    return folder / f"{column}"


def _shared(requests: Requests, values: Words, used: Ints, most: int, least: int) -> Words:
    """The slot's values, in order, that 2 to `most` accounts use so often; adds each account's values to `used`."""
    pairs = np.sort(values.astype(np.uint64) << np.uint64(32) | requests.account)
    starts = np.flatnonzero(_changes(pairs))
    habits = pairs[starts[np.diff(np.append(starts, len(pairs))) >= least]]
    used += np.bincount((habits & np.uint64(0xFFFFFFFF)).astype(np.int64), minlength=len(used))
    held = habits >> np.uint64(32)
    starts = np.flatnonzero(_changes(held))
    counts = np.diff(np.append(starts, len(held)))
    return held[starts[(counts >= 2) & (counts <= most)]].astype(np.uint32)


def _held(requests: Requests, values: Words, slot: int, shared: Words, least: int, lead: Longs) -> pa.Table:
    """Who uses which of the values `shared`; raises `lead` of a request to the commonest of its account's values.

    `first` and `last` are the places of the requests that show a value first and last.
    """
    pairs = values.astype(np.uint64) << np.uint64(32) | requests.account
    rows = np.flatnonzero(_among(values, shared))
    rows = rows[np.lexsort((requests.order[rows], pairs[rows]))]
    starts = np.flatnonzero(_changes(pairs[rows]))
    events = np.diff(np.append(starts, len(rows)))
    told = np.repeat((events >= least) & ~requests.pervades(requests.account[rows[starts]], events), events)
    name = events.astype(np.uint64) << np.uint64(40) | np.uint64(slot << 32) | values[rows[starts]]
    lead[rows[told]] = np.maximum(lead[rows[told]], np.repeat(name, events)[told])
    starts, events = starts[events >= least], events[events >= least]
    first, last = rows[starts], rows[starts + events - 1]
    return pa.table(
        {
            "a": requests.account[first].astype(np.int32),
            "slot": np.full(len(first), slot + 1, dtype=np.int8),
            "value": values[first],
            "first_seen": pa.array(requests.at[first], pa.timestamp("us", "UTC")),
            "last_seen": pa.array(requests.at[last], pa.timestamp("us", "UTC")),
            "events": events,
            "first": first,
            "last": last,
        }
    )


def _united(held: pa.Table, lead: Longs, requests: Requests) -> pa.Table:
    """`held` with `unit`, the commonest value of the requests that show a value first and last, and the first `seq`.

    The values of one template come in the same requests, so they have its commonest value in common. A rare one of
    them may miss it in one request, hardly in both. What pervades an account's requests, as a system prompt does, is
    one unit of its own and leads no template.
    """
    first, last = held["first"].to_numpy(), held["last"].to_numpy()
    pervading = requests.pervades(requests.account[first], held["events"].to_numpy())
    unit = np.where(pervading, np.uint64(0), np.maximum(lead[first], lead[last]))
    rest = held.drop_columns(["first", "last"])
    return rest.append_column("unit", pa.array(unit)).append_column("seq", pa.array(requests.seq[first]))


def _changes(ordered: Longs) -> Bools:
    """Where a value differs from the one before it."""
    if not len(ordered):
        return np.zeros(0, dtype=np.bool_)
    return np.concatenate([[True], ordered[1:] != ordered[:-1]])


def _among(values: Words, ordered: Words) -> Bools:
    """Which of `values` are in `ordered`; a table of their upper bits rules most out at a memory access each."""
    found = np.zeros(len(values), dtype=np.bool_)
    if len(ordered):
        upper = np.zeros(1 << 24, dtype=np.bool_)
        upper[ordered >> np.uint32(8)] = True
        at = np.flatnonzero(upper[values >> np.uint32(8)])
        place = np.minimum(np.searchsorted(ordered, values[at]), len(ordered) - 1)
        found[at] = ordered[place] == values[at]
    return found


def _place(con: duckdb.DuckDBPyConnection, held: pa.Table, used: Ints) -> None:
    con.register("slot_rows", held)
    con.register("used_rows", pa.table({"a": np.arange(len(used), dtype=np.int32), "n": used}))
    con.execute("CREATE OR REPLACE TEMP TABLE slot_events AS SELECT DISTINCT seq FROM slot_rows")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE slot_held AS
        SELECT a, slot || ':' || value AS key, first_seen, last_seen, events, unit, event_id AS first_event
        FROM slot_rows JOIN (
            SELECT seq, min(event_id) AS event_id FROM events SEMI JOIN slot_events USING (seq)
            WHERE src = 'usage' GROUP BY seq) USING (seq)""")
    con.execute("CREATE OR REPLACE TEMP TABLE slot_holdings AS SELECT a, n FROM used_rows WHERE n > 0")
    con.unregister("slot_rows")
    con.unregister("used_rows")
