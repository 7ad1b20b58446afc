"""Landing in this process, and what a lake then holds."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.events import TOPIC_OF_TABLE
from pipeline.contract.tables import BY_NAME
from pipeline.lake import Lake
from pipeline.landing.micro_batches import Job, Tick, drain
from pipeline.sources.directory import Directory
from pipeline.sources.source import Source
from tests.pipeline.records import KEY

TOPICS = {table: topic.name for table, topic in TOPIC_OF_TABLE.items()}
ADDRESS = ("_topic_id", "_partition", "_offset")
NOT_OF_THE_EVENT = ("_topic_id", "_partition", "_offset", "_landed_at", "kafka_time", "kafka_key")


def directory(
    root: Path, *, topics: Mapping[str, str] = TOPICS, poll_records: int = 1000, span_bytes: int = 2**20
) -> Directory:
    return Directory(root, topics, poll_records, span_bytes)


def job(lake: Path, source: Source, *, commit_records: int = 10_000, accept_loss: bool = False) -> Job:
    return Job(Lake.create(lake, KEY.check), KEY, source, commit_records, 2**24, accept_loss)


def drained(job: Job) -> list[Tick]:
    """Land all there is; what each tick did."""
    ticks: list[Tick] = []
    drain(job, threading.Event(), ticks.append)
    return ticks


def rows(lake: Lake, table: str, without: Sequence[str] = ("_landed_at",)) -> list[dict[str, object]]:
    """All rows of the table by address, less the columns `without`."""
    schema = arrow_schema(BY_NAME[table])
    files = [pq.read_table(file, partitioning="hive", schema=schema) for file in lake.files(table)]
    found = pa.concat_tables([schema.empty_table(), *files]).sort_by([(name, "ascending") for name in ADDRESS])
    return found.drop_columns([name for name in without if name in schema.names]).to_pylist()


def contents(lake: Lake) -> dict[str, list[str]]:
    """What the events said, wherever they were read: table → rows as texts, sorted."""
    return {
        table: sorted(str(sorted(row.items())) for row in rows(lake, table, NOT_OF_THE_EVENT))
        for table in (*TOPICS, "rejected")
    }
