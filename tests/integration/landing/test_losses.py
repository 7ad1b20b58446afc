"""What the broker no longer has: stop and say so, and when told to go on, record the gap once."""

import pytest

from pipeline.errors import SourceError
from pipeline.landing.append import begin
from pipeline.sources.batch import Span
from tests.integration.kafka import topics
from tests.integration.landing.test_records import FETCHERS, usage
from tests.integration.oracle import assert_exactly_once, gaps, readable, topic_uuid
from tests.pipeline.landed import drained, rows

pytestmark = pytest.mark.kafka


def refused(landing, told):
    """Two tries are refused in the same words and change nothing."""
    before = landing.lake.positions()
    for _ in range(2):
        with pytest.raises(SourceError, match=told):
            landing.tick()
    assert landing.lake.positions() == before
    assert gaps(landing.lake) == []


@pytest.mark.parametrize("fetcher", FETCHERS)
def test_retention_that_passed_our_position(kafka, job_for, fetcher):
    servers, name = kafka.bootstrap_servers, f"retention-{fetcher}"
    topics.create_topic(servers, name, partitions=2)
    topics.produce(servers, name, usage(0, 10))
    drained(job_for({"usage": name}, fetcher))
    topics.produce(servers, name, usage(10, 20))
    ever = readable(servers, name)
    topics.delete_records(servers, name, 0, before=25)
    refused(
        job_for({"usage": name}, fetcher),
        rf"{name}/0: 15 offsets are gone \(landed up to 10, the log starts at 25: retention\); to go on",
    )
    going_on = job_for({"usage": name}, fetcher, accept_loss=True)
    drained(going_on)
    assert gaps(going_on.lake) == [(topic_uuid(servers, name), 0, 10, 25, "retention")]
    assert len(rows(going_on.lake, "usage")) == 15
    assert_exactly_once(going_on.lake, "usage", ever)
    assert drained(job_for({"usage": name}, fetcher, accept_loss=True)) == []
    assert len(gaps(going_on.lake)) == 1


def test_retention_in_a_partition_of_which_nothing_had_landed_yet(kafka, job_for):
    servers, name = kafka.bootstrap_servers, "idle"
    topics.create_topic(servers, name, partitions=2)
    topics.produce(servers, name, usage(0, 3))
    drained(job_for({"usage": name}))
    topics.produce(servers, name, usage(0, 9), partition=1)
    topics.delete_records(servers, name, 1, before=4)
    refused(job_for({"usage": name}), rf"{name}/1: 4 offsets are gone \(landed up to 0")


def test_a_first_job_begins_where_the_log_does(kafka, job_for):
    servers, name = kafka.bootstrap_servers, "begun"
    topics.create_topic(servers, name)
    topics.produce(servers, name, usage(0, 10))
    topics.delete_records(servers, name, 0, before=4)
    landing = job_for({"usage": name})
    assert [tick.landed for tick in drained(landing)] == [6]
    assert gaps(landing.lake) == []


@pytest.mark.parametrize("fetcher", FETCHERS)
def test_a_topic_made_again_under_its_name(kafka, job_for, fetcher):
    servers, name = kafka.bootstrap_servers, f"again-{fetcher}"
    topics.create_topic(servers, name, partitions=3)
    topics.produce(servers, name, usage(0, 10), partition=2)
    drained(job_for({"usage": name}, fetcher))
    first, ever = topic_uuid(servers, name), readable(servers, name)
    topics.delete_topic(servers, name)
    topics.create_topic(servers, name, partitions=1)
    topics.produce(servers, name, usage(100, 7))
    refused(
        job_for({"usage": name}, fetcher), rf"{name}/2 \(id {first}, landed up to 10\) is gone: topic re-created; to go"
    )
    going_on = job_for({"usage": name}, fetcher, accept_loss=True)
    assert [tick.landed for tick in drained(going_on)] == [0, 7]
    recorded = gaps(going_on.lake)
    assert recorded == [
        (first, partition, end, None, "topic re-created") for partition, end in ((0, 0), (1, 0), (2, 10))
    ]
    assert_exactly_once(going_on.lake, "usage", ever | readable(servers, name))
    topics.produce(servers, name, usage(200, 3))
    assert [tick.landed for tick in drained(job_for({"usage": name}, fetcher))] == [3]
    assert gaps(going_on.lake) == recorded


def test_a_topic_made_again_that_is_still_empty_is_accepted_once(kafka, job_for):
    servers, name = kafka.bootstrap_servers, "again-empty"
    topics.create_topic(servers, name)
    topics.produce(servers, name, usage(0, 2))
    drained(job_for({"usage": name}))
    topics.delete_topic(servers, name)
    topics.create_topic(servers, name)
    going_on = job_for({"usage": name}, accept_loss=True)
    assert len(drained(going_on)) == 1
    assert drained(job_for({"usage": name})) == []
    assert len(gaps(going_on.lake)) == 1


def test_a_topic_that_is_deleted_while_others_live(kafka, job_for):
    servers, names = kafka.bootstrap_servers, {"usage": "deleted", "signup": "living"}
    for name in names.values():
        topics.create_topic(servers, name)
        topics.produce(servers, name, usage(0, 2))
    drained(job_for(names))
    topics.delete_topic(servers, "deleted")
    refused(job_for(names), r"deleted/0 \(id .*, landed up to 2\) is gone: topic deleted")
    going_on = job_for(names, accept_loss=True)
    drained(going_on)
    topics.produce(servers, "living", usage(2, 2))
    assert [tick.rejected for tick in drained(job_for(names))] == [2]
    assert [gap[2:] for gap in gaps(going_on.lake)] == [(2, None, "topic deleted")]


def test_a_position_beyond_the_log_is_another_cluster(kafka, job_for):
    servers, name = kafka.bootstrap_servers, "beyond"
    topics.create_topic(servers, name)
    landing = job_for({"usage": name})
    topic_id = topic_uuid(servers, name)
    begin(landing.lake, [Span("usage", name, topic_id, 0, f"{topic_id}/0", 100, 100)])
    with pytest.raises(SourceError, match=rf"{name}/0: 100 offsets have landed, but the log ends at 0; expected the c"):
        landing.tick()


def test_no_topic_at_all_is_one_clear_line(job_for):
    with pytest.raises(SourceError, match=r"no topic absent on 127\.0\.0\.1:\d+; create the topics, or name yours"):
        job_for({"usage": "absent"}).tick()
