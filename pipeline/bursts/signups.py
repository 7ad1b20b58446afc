"""The sign-ups of a day as landed: each event once, and the keys that it shows."""

from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME

ADDRESS = ("_topic_id", "_partition", "_offset")
# Kind of key → its column.
KINDS = {
    "prefix": "ip_prefix",
    "domain": "email_domain",
    "ja4": "ja4",
    "device": "device_key",
    "program": "program",
}
COLUMNS = ("event_id", *ADDRESS, "event_time", *KINDS.values())


class Day(NamedTuple):
    """A day and the files that hold its sign-ups."""

    day: date
    files: tuple[str, ...]


def read(day: Day) -> pa.Table:
    """COLUMNS of the day's sign-ups; of several with one event_id the one at the lowest address."""
    schema = pa.schema([arrow_schema(BY_NAME["signup"]).field(name) for name in COLUMNS])
    files = [pq.read_table(file, schema=schema, partitioning=None) for file in day.files]
    rows = pa.concat_tables([schema.empty_table(), *files])
    if pc.count_distinct(rows["event_id"]).as_py() == rows.num_rows:
        return rows
    rows = rows.sort_by([(name, "ascending") for name in ("event_id", *ADDRESS)])
    ids = rows["event_id"].combine_chunks()
    first = np.ones(rows.num_rows, dtype=bool)
    first[1:] = pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
    return rows.filter(pa.array(first))


def shown(rows: pa.Table, kind: str) -> pa.Table:
    """(event_time, key) of the rows that have a key of the kind."""
    columns = {"event_time": rows["event_time"], "key": rows[KINDS[kind]]}
    return pa.table(columns).filter(pc.is_valid(columns["key"]))
