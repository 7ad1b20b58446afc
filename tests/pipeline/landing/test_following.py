"""The reader by itself; on a real Flink it is tested in tests/flink."""

from dataclasses import dataclass, field, replace

import pytest
from apache_beam.io.restriction_trackers import OffsetRange
from apache_beam.runners.sdf_utils import RestrictionTrackerView, ThreadsafeRestrictionTracker

from pipeline.contract.events import TOPIC_OF_TABLE
from pipeline.errors import HoleError, UnreachableError
from pipeline.lake import Lake
from pipeline.landing.append import begin
from pipeline.landing.following import IDLE_SECONDS, NO_END, FollowFn, PartitionTracker
from pipeline.sources.batch import PolledBatch, Span
from pipeline.sources.source import Loss, Plan
from tests.pipeline.records import KEY

PARTITION = Span("usage", TOPIC_OF_TABLE["usage"].name, "id", 3, "id/3", 0, 0)


@dataclass(frozen=True)
class Log:
    """A partition that ends at `end`: a plan gives `share` of it, a fetch batches of `polls`."""

    end: int
    share: int = 1000
    polls: int = 10
    lost: int = 0
    owner: str = ""
    closed: list = field(default_factory=list)

    def plan(self, tips, known):
        start = tips("usage", "id/3") or 0
        span = replace(PARTITION, start=start, end=min(self.end, start + self.share))
        losses = [Loss(replace(span, end=self.lost), "retention", True)] if start < self.lost else []
        return Plan([span] if start < self.end else [], self.end - start, losses)

    def fetch(self, span):
        for start in range(span.start, span.end, self.polls):
            offsets = list(range(start, min(start + self.polls, span.end)))
            batch = replace(span, start=start, end=offsets[-1] + 1)
            yield PolledBatch(batch, offsets, [b"x"] * len(offsets), None, None)

    def close(self):
        self.closed.append(self.owner)


@pytest.fixture
def lake(tmp_path):
    return Lake.create(tmp_path / "lake", KEY.check)


def bundle(lake, source, restored=0):
    """Offsets that one bundle reads from a restored restriction; where the rest begins, and the pause before it."""
    reader = FollowFn(source, lake.root)
    reader.setup()
    reader.start_bundle()
    tracker = ThreadsafeRestrictionTracker(PartitionTracker(OffsetRange(restored, NO_END)))
    read = [offset for batch in reader.process(PARTITION, RestrictionTrackerView(tracker)) for offset in batch.offsets]
    reader.teardown()
    tracker.check_done()
    rest, pause = tracker.deferred_status()
    return read, rest.start, float(pause)


def land_up_to(lake, end):
    begin(lake, [replace(PARTITION, start=end, end=end)])


def test_a_share_is_read_and_the_rest_put_off(lake):
    assert bundle(lake, Log(25)) == (list(range(25)), 25, pytest.approx(IDLE_SECONDS, abs=0.1))
    assert bundle(lake, Log(100, share=30)) == (list(range(30)), 30, pytest.approx(0, abs=0.1))


def test_reading_begins_at_the_lakes_tip_whatever_was_restored(lake):
    land_up_to(lake, 20)
    assert bundle(lake, Log(25), restored=10)[:2] == ([20, 21, 22, 23, 24], 25)
    assert bundle(lake, Log(25))[:2] == ([20, 21, 22, 23, 24], 25)


def test_a_lake_that_went_back_is_a_hole(lake):
    land_up_to(lake, 20)
    with pytest.raises(HoleError, match=r"api\.usage\.v1/3: 21 had landed, but the lake's position is 20"):
        bundle(lake, Log(25), restored=21)


def test_what_is_idle_silent_or_lost_is_looked_at_again_later(lake):
    class Silent(Log):
        def plan(self, tips, known):
            raise UnreachableError("no broker")

    land_up_to(lake, 20)
    for source in (Log(20), Silent(25), Log(50, lost=30)):
        assert bundle(lake, source, restored=20) == ([], 20, pytest.approx(IDLE_SECONDS, abs=0.1))


def test_each_instance_has_connections_of_its_own(lake):
    source = Log(5)
    bundle(lake, source)
    bundle(lake, source)
    assert len(set(source.closed) - {""}) == 2


def test_the_runner_may_put_off_the_rest_but_not_share_it_out():
    tracker = PartitionTracker(OffsetRange(5, NO_END))
    assert tracker.try_split(0.5) is None
    assert not tracker.is_bounded()
    assert tracker.try_claim(9)
    assert tracker.try_split(0) == (OffsetRange(5, 10), OffsetRange(10, NO_END))
