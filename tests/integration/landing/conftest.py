"""Jobs that land from the tests' broker in this process."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.landing.micro_batches import Job
from pipeline.sources.kafka import Kafka
from tests.integration.kafka.broker import Broker
from tests.pipeline.landed import job

JobFor = Callable[..., Job]


@pytest.fixture
def job_for(kafka: Broker, tmp_path: Path) -> Iterator[JobFor]:
    """Makes a job that lands `topics` (table → topic) in the test's lake; its connections end with the test."""
    sources = []

    def make(topics, fetcher="kafka-python", *, lake="lake", polls=1000, span=100_000, **more) -> Job:
        source = Kafka(kafka.bootstrap_servers, topics, {}, fetcher, polls, span, 2**24)
        sources.append(source)
        return job(tmp_path / lake, source, **more)

    yield make
    for source in sources:
        source.close()
