"""Records of other makers, from a real topic: their events are those that the same lines in a file give."""

from dataclasses import replace

import msgspec
import pytest

from pipeline.decode.reading import Reading
from pipeline.formats import FORMATS
from tests.integration.kafka import topics
from tests.integration.oracle import landed, readable
from tests.pipeline.formats.samples import SAMPLES, SECRET
from tests.pipeline.landed import contents, directory, drained, job

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize("name", FORMATS)
def test_foreign_records_of_a_topic_land_as_those_of_a_file(kafka, job_for, tmp_path, name):
    table, topic = FORMATS[name].table, f"foreign-{name}"
    values = [msgspec.json.encode(record) for record in SAMPLES[name]] + [b'{"unknown": 1}', b"{"]
    topics.create_topic(kafka.bootstrap_servers, topic, partitions=2)
    for partition in (0, 1):
        records = [(b"key", value) for value in values[partition::2]]
        topics.produce(kafka.bootstrap_servers, topic, records, partition=partition, compression="zstd")
    (tmp_path / f"{topic}.jsonl").write_bytes(b"\n".join([*values, b""]))
    reading = Reading(formats={table: name})
    streamed = replace(job_for({table: topic}), reading=reading)
    filed = replace(job(tmp_path / "from-files", directory(tmp_path, topics={table: topic})), reading=reading)
    for landing in (streamed, filed):
        drained(landing)
    found = contents(streamed.lake)
    assert found == contents(filed.lake)
    assert len(found[table]) >= len(SAMPLES[name])
    assert len(found["rejected"]) == 2
    assert set(landed(streamed.lake, table)) == readable(kafka.bootstrap_servers, topic)
    assert SECRET not in str(found)
