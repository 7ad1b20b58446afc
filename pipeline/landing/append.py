"""Appends to Delta tables, exactly once: the application transaction is the position, moved by compare-and-set."""

import random
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import (
    ColumnProperties,
    CommitProperties,
    DeltaTable,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import CommitFailedError, DeltaError

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME
from pipeline.errors import HoleError, LakeError
from pipeline.lake import Lake
from pipeline.sources.batch import Span

# A lost race means that somebody else moved the tip or compacted; 3 writers with compaction never needed 5 tries.
ATTEMPTS = 20
BACKOFF_SECONDS = 0.05
STYLE = re.compile(r"\x1b\[\d*m|↳")  # delta-rs draws its errors as coloured trees
# Building dictionaries took a third of the writing, most of it for values that hardly recur. These do, and files are an
# eighth smaller with theirs; readers are as fast.
WITH_DICTIONARY = (
    *("_topic_id", "_topic", "_partition", "_landed_at", "account_id", "api_key_key", "model", "endpoint", "status"),
    *("user_agent", "ja4", "max_tokens", "temperature", "stop_reason", "system_hash", "task", "fingerprint_version"),
    *("ip_prefix", "email_domain", "program", "country", "payment_method", "outcome", "currency", "action", "reason"),
)
WRITER = WriterProperties(
    compression="ZSTD",
    compression_level=1,
    default_column_properties=ColumnProperties(dictionary_enabled=False),
    column_properties={name: ColumnProperties(dictionary_enabled=True) for name in WITH_DICTIONARY},
)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one span, by ascending `_offset`."""

    span: Span
    rows: pa.Table


@dataclass(frozen=True, slots=True)
class Appended:
    """How many rows one commit added."""

    rows: int


def append_rows(lake: Lake, table: str, parts: Iterable[Part]) -> Appended:
    """Append event rows and move the tips, in one commit; rows before a tip are dropped.

    Raises HoleError if a part starts beyond its partition's tip, LakeError if the lake cannot be written.
    """
    return _append(lake, table, list(parts), holes=False)


def append_rejects(lake: Lake, parts: Iterable[Part]) -> Appended:
    """Append rejected records; spans without any leave the tips alone, so holes are normal."""
    return _append(lake, "rejected", [part for part in parts if part.rows.num_rows], holes=True)


def append_matches(lake: Lake, parts: Iterable[Part]) -> Appended:
    """Append matches as `append_rejects` does rejects.

    A span that is landed again after a crash may meet a newer watch list: what lies before the tip was told by the
    older one and stays as it is.
    """
    return _append(lake, "matches", [part for part in parts if part.rows.num_rows], holes=True)


def begin(lake: Lake, places: Iterable[Span]) -> None:
    """Write down where partitions begin (empty spans): an idle one has a position too, so that a loss is noticed."""
    tables: dict[str, list[Span]] = {}
    for place in places:
        tables.setdefault(place.table, []).append(place)
    for table, spans in tables.items():
        empty = arrow_schema(BY_NAME[table]).empty_table()
        append_rows(lake, table, [Part(span, empty) for span in spans])


def move_tip(lake: Lake, span: Span) -> None:
    """Step over `span`, whose records are lost and have been written down in `gaps`; raises as `commit` does."""
    delta = lake.table(span.table)
    if delta.transaction_version(span.application) == span.start:
        commit(delta, arrow_schema(BY_NAME[span.table]).empty_table(), {span.application: span.end})


def _append(lake: Lake, table: str, parts: list[Part], *, holes: bool) -> Appended:
    for attempt in range(ATTEMPTS):
        try:
            delta = lake.table(table)
            fresh, tips = _beyond_tips(delta, parts, holes=holes)
            if tips:
                commit(delta, pa.concat_tables(fresh), tips)
        except CommitFailedError:
            time.sleep(BACKOFF_SECONDS * (attempt + 1) * random.random())
            continue
        except (DeltaError, OSError) as error:
            raise unwritable(lake, table, error) from None
        return Appended(sum(rows.num_rows for rows in fresh))
    raise LakeError(
        f"{ATTEMPTS} other writers in a row were faster at {lake.path(table)}", remedy="run fewer jobs on this lake"
    )


def _beyond_tips(delta: DeltaTable, parts: list[Part], *, holes: bool) -> tuple[list[pa.Table], dict[str, int]]:
    """Rows that have not landed yet, and the tips after them; `parts` of one application come in order."""
    fresh: list[pa.Table] = []
    tips: dict[str, int] = {}
    for part in parts:
        span = part.span
        tip = tips.get(span.application, delta.transaction_version(span.application))
        if tip is not None and tip >= span.end:
            continue
        if tip is not None and span.start > tip and not holes:
            raise HoleError(
                f"{span.topic}/{span.partition}: a batch starts at {span.start}, but only {tip} have landed",
                expected="batches that follow one another",
                remedy="start the job again: it reads from the lake's position",
            )
        rows = part.rows
        if tip is not None and span.start < tip:
            rows = rows.filter(pc.field("_offset") >= tip)
        fresh.append(rows)
        tips[span.application] = span.end
    return fresh, tips


def commit(delta: DeltaTable, rows: pa.Table, tips: Mapping[str, int]) -> None:
    """Append rows and move the tips (application → end) at once, if nobody has committed since `delta` was read.

    Raises CommitFailedError if somebody has, DeltaError or OSError if the table cannot be written.
    """
    transactions = [Transaction(application, end) for application, end in tips.items()]
    write_deltalake(
        delta,
        rows,
        mode="append",
        writer_properties=WRITER,
        commit_properties=CommitProperties(app_transactions=transactions, max_commit_retries=0),
    )


def unwritable(lake: Lake, table: str, error: Exception) -> LakeError:
    """Say that a table cannot be written, and what to do."""
    causes = (STYLE.sub("", line).strip() for line in str(error).splitlines())
    return LakeError(
        f"cannot write {lake.path(table)}: {': '.join(cause for cause in causes if cause)}",
        remedy="nothing was half-written; mend the disk or its permissions and start again",
    )
