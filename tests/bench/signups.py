"""make bench-signups: what a match costs per event, and what sign-up bursts cost per million sign-ups.

Usage: python -m tests.bench.signups [SIGNUPS]
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, Transaction, write_deltalake

from pipeline.bursts.update import update
from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME
from pipeline.lake import Lake
from pipeline.matching.match import match
from pipeline.matching.watchlist import KeySet, WatchList

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BATCH = 20_000
DAYS = 30

# Heavy users of few domains and networks, the rest alone: the shape of real keys.
SIGNUPS = """
    SELECT 'ev-' || n AS event_id, $first::DATE + (n % $days)::INTEGER AS event_date, 'a-' || n AS account_id,
           event_date::TIMESTAMPTZ + to_microseconds((hash(n, 'at') % 86400000000)::BIGINT) AS event_time,
           'net-' || (power(hash(n, 'net') % 1000000 / 1e6, 3) * 400000)::INTEGER AS ip_prefix,
           'd-' || (power(hash(n, 'mail') % 1000000 / 1e6, 8) * 50000)::INTEGER || '.example' AS email_domain,
           'ja4-' || (power(hash(n, 'ja4') % 1000000 / 1e6, 4) * 3000)::INTEGER AS ja4,
           'dev-' || hash(n, 'dev') % ($rows * 4) AS device_key,
           ['free_trial', 'pay_as_you_go', 'education', 'startup'][1 + (hash(n, 'program') % 4)::BIGINT] AS program,
           'id' AS _topic_id, 'account.signup.v1' AS _topic, 0 AS _partition, n AS _offset
    FROM range($start, $rows) AS r(n) ORDER BY n"""


def main() -> None:
    """Measure both and print the figures."""
    signups = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    for keys in (1_000, 1_000_000):
        _matches(keys)
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake.create(Path(folder) / "lake", "check")
        _land(lake, range(signups))
        days, cost = _measured(partial(update, lake))
        print(f"bursts of {signups:,} sign-ups over {days} days: {cost}")
        _land(lake, range(signups, signups + DAYS), newest_day_only=True)
        days, cost = _measured(partial(update, lake))
        print(f"after one more sign-up: {days} day anew in {cost}")
        ((rows,),) = duckdb.sql(f"SELECT count(*) FROM ({lake.select('signup_bursts')})").fetchall()
        print(f"{rows:,} rows stored; peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def _matches(keys: int) -> None:
    watched, cost = _measured(partial(_watch, keys))
    print(f"a list of {keys:,} keys is made in {cost}")
    for name, rows in (("3 requests a conversation", _usage(3)), ("1", _usage(1)), ("half of them a hub's", _usage(0))):
        seconds = min(_cpu(partial(match, watched, "usage", rows, NOW)) for _ in range(5))
        print(f"  {name}: {seconds / BATCH * 1e9:.0f} ns of CPU an event")


def _measured(action: Callable[[], object]) -> tuple[object, str]:
    began, cpu = time.perf_counter(), time.process_time()
    made = action()
    return made, f"{time.perf_counter() - began:.1f} s ({time.process_time() - cpu:.1f} s of CPU)"


def _cpu(action: Callable[[], object]) -> float:
    before = time.process_time()
    action()
    return time.process_time() - before


def _tokens(numbers: np.ndarray) -> pa.Array:
    return pa.array([f"v1:{number * 2654435761 % 2**64:016x}{number:016x}" for number in numbers.tolist()])


def _watch(keys: int) -> WatchList:
    columns = {"cluster_uid": pa.repeat("op_1", keys), "kind": pa.repeat("conversation", keys)}
    columns |= {"key": _tokens(np.arange(keys)), "weight": pa.repeat(4_000_000, keys)}
    columns |= {"family": pa.repeat("prompt", keys), "is_circumstantial": pa.repeat(False, keys)}
    return WatchList("run", {"conversation": KeySet(pa.table(columns))})


def _usage(requests: int) -> pa.Table:
    """A batch of requests, so many to a conversation, none watched; 0: half of them resume one that is."""
    numbers = np.arange(BATCH) // max(requests, 1) + 10_000_000
    if not requests:
        numbers[::2] = 5
    own = {"conversation_prefix_hash": _tokens(numbers), "status": pa.repeat(200, BATCH)}
    own |= {name: pa.array([f"{name}-{n}" for n in range(BATCH)]) for name in ("event_id", "account_id")}
    return _filled("usage", own, BATCH)


def _land(lake: Lake, numbers: range, *, newest_day_only: bool = False) -> None:
    first = date(2026, 5, 1)
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        values = {"first": first, "days": DAYS, "start": numbers.start, "rows": numbers.stop}
        rows = con.sql(SIGNUPS, params=values).to_arrow_table()
    if newest_day_only:
        rows = rows.filter(pc.field("event_date") == first + timedelta(days=DAYS - 1))
    made = _filled("signup", {name: rows[name] for name in rows.column_names}, rows.num_rows)
    commit = CommitProperties(app_transactions=[Transaction("id/0", numbers.stop)])
    write_deltalake(lake.table("signup"), made, mode="append", commit_properties=commit)


def _filled(table: str, own: dict[str, pa.Array], count: int) -> pa.Table:
    """Rows of the table: `own` columns, and the same something in those that may not be null."""
    schema = arrow_schema(BY_NAME[table])
    some = {pa.string(): "", pa.int64(): 0, pa.date32(): NOW.date(), pa.timestamp("us", "UTC"): NOW}
    columns = {
        f.name: own[f.name]
        if f.name in own
        else pa.repeat(pa.scalar(None if f.nullable else some[f.type], f.type), count)
        for f in schema
    }
    return pa.table(columns).cast(schema)


if __name__ == "__main__":
    main()
