"""What a log may hold: compressed batches, aborted transactions, tombstones, bad records."""

import pytest

from tests.integration.kafka import topics
from tests.integration.kafka.broker import Broker
from tests.integration.oracle import assert_exactly_once, readable
from tests.pipeline.landed import contents, directory, drained, job, rows
from tests.pipeline.records import event

pytestmark = pytest.mark.kafka
FETCHERS = ("kafka-python", "confluent")

BAD = {
    b"not json": "not_json",
    b'"\\ud800"': "not_json",
    b"\xff": "not_utf8",
    b"[1]": "not_object",
    b"[" * 70 + b"]" * 70: "too_deep",
    event("usage")[:-1] + b',"x":{"a":1,"a":2}}': "duplicate_key",
    event("usage", temperature=float("nan")): "non_finite",
    event("usage")[:-1] + b',"x":' + b"7" * 5000 + b"}": "non_finite",
    event("usage", model=...): "missing_field",
    event("usage", status="200"): "wrong_type",
    event("usage", status=-1): "out_of_range",
    event("usage", ip="here"): "invalid_ip",
    event("usage", event_time="2026-06-01T00:00:00"): "time_without_offset",
    event("usage", event_time="2014-06-01T00:00:00Z"): "time_too_old",
    event("usage", event_time="2999-06-01T00:00:00Z"): "time_in_future",
    b'{"x":"' + b"x" * 2**20 + b'"}': "too_large",
}


def usage(first, count):
    return [(b"acct-1", event("usage", event_id=f"ev-{n}")) for n in range(first, first + count)]


@pytest.fixture(scope="module")
def mixed(kafka: Broker) -> str:
    """A topic of two partitions with everything that may be in a log."""
    servers, name = kafka.bootstrap_servers, "mixed"
    topics.create_topic(servers, name, partitions=2, max_message_bytes=str(4 * 2**20))
    for partition in (0, 1):
        for number, codec in enumerate(("none", "gzip", "snappy", "lz4", "zstd")):
            topics.produce(servers, name, usage(100 * number, 50), partition=partition, compression=codec)
        topics.produce_transaction(servers, name, usage(1000, 30), partition=partition, compression="zstd")
        topics.produce_transaction(servers, name, usage(2000, 300), partition=partition, abort=True)
        topics.produce_transaction(servers, name, [*usage(3000, 5), (b"acct-1", None)], partition=partition)
        topics.produce(servers, name, [(b"acct-2", value) for value in BAD], partition=partition)
        topics.produce(servers, name, usage(4000, 5), partition=partition)
    topics.produce_transaction(servers, name, usage(5000, 40), partition=1, abort=True)
    return name


@pytest.mark.parametrize("fetcher", FETCHERS)
@pytest.mark.parametrize(("polls", "span"), [(1000, 100_000), (7, 150)])
def test_every_readable_record_lands_once_as_a_row_or_a_reject(kafka, job_for, mixed, fetcher, polls, span):
    landing = job_for({"usage": mixed}, fetcher, polls=polls, span=span)
    ticks = drained(landing)
    assert_exactly_once(landing.lake, "usage", readable(kafka.bootstrap_servers, mixed))
    assert sum(tick.landed for tick in ticks) == 2 * (5 * 50 + 30 + 5 + 5)
    reasons = [row["reason"] for row in rows(landing.lake, "rejected")]
    assert reasons == ["tombstone", *BAD.values()] * 2
    assert landing.tick().idle
    aborted_and_markers = 300 + 3
    end = 5 * 50 + 30 + 6 + len(BAD) + 5 + aborted_and_markers
    assert sorted(landing.lake.positions().values()) == [end, end + 40 + 1]


def test_fetchers_and_batch_sizes_give_equal_tables(job_for, mixed):
    plain = job_for({"usage": mixed}, lake="plain")
    drained(plain)
    for fetcher, polls in (("confluent", 1000), ("kafka-python", 13)):
        other = job_for({"usage": mixed}, fetcher, lake=f"{fetcher}-{polls}", polls=polls, span=300)
        drained(other)
        for table in ("usage", "rejected"):
            assert rows(other.lake, table) == rows(plain.lake, table)


def test_files_and_kafka_give_equal_tables(kafka, job_for, tmp_path):
    servers = kafka.bootstrap_servers
    lines = [value for value in BAD if len(value) < 2**20 and b"2999" not in value]  # a file has no timestamps
    values = {
        "signup": [event("signup", event_id=f"ev-{n}", ip=f"::{n}") for n in range(20)] + [b"{"],
        "usage": [event("usage", event_id=f"ev-{n}") for n in range(50)] + lines,
    }
    names = {table: f"same-{table}" for table in values}
    for table, name in names.items():
        topics.create_topic(servers, name, partitions=3)
        for partition in range(3):
            topics.produce(servers, name, [(b"k", v) for v in values[table][partition::3]], partition=partition)
        (tmp_path / f"{name}.jsonl").write_bytes(b"\n".join([*values[table], b""]))
    streamed = job_for(names, polls=10, span=60)
    drained(streamed)
    filed = job(tmp_path / "from-files", directory(tmp_path, topics=names))
    drained(filed)
    assert contents(streamed.lake) == contents(filed.lake)
    assert len(rows(streamed.lake, "rejected")) == 1 + len(lines)


@pytest.mark.parametrize("fetcher", FETCHERS)
def test_an_open_transaction_is_waited_for_and_never_a_hole(kafka, job_for, fetcher):
    servers, name = kafka.bootstrap_servers, f"open-{fetcher}"
    topics.create_topic(servers, name)
    topics.produce(servers, name, usage(0, 5))
    with topics.transaction(servers, name, usage(100, 5), abort=True):
        topics.produce(servers, name, usage(10, 5))
        landing = job_for({"usage": name}, fetcher)
        assert [tick.landed for tick in drained(landing)] == [5]
        assert landing.tick().idle
    assert sum(tick.landed for tick in drained(landing)) == 5
    assert_exactly_once(landing.lake, "usage", readable(servers, name))
    assert set(landing.lake.positions().values()) == {16}


def test_partitions_that_a_topic_gets_later_are_read_too(kafka, job_for):
    servers, name = kafka.bootstrap_servers, "growing"
    topics.create_topic(servers, name)
    topics.produce(servers, name, usage(0, 10))
    landing = job_for({"usage": name})
    assert [tick.landed for tick in drained(landing)] == [10]
    topics.add_partitions(servers, name, 3)
    topics.produce(servers, name, usage(10, 10), partition=2)
    assert sum(tick.landed for tick in drained(landing)) == 10
    assert_exactly_once(landing.lake, "usage", readable(servers, name))
