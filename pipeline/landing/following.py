"""Reads Kafka for ever on a streaming runner: one restriction a partition, at the lake's tip whatever is restored."""

import logging
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import apache_beam as beam
from apache_beam.io.restriction_trackers import OffsetRange, OffsetRestrictionTracker
from apache_beam.io.watermark_estimators import ManualWatermarkEstimator
from apache_beam.transforms.core import RestrictionProvider
from apache_beam.utils.timestamp import Duration

from pipeline.contract.tables import EVENT_TABLES
from pipeline.deltalog import transaction_versions
from pipeline.errors import HoleError, SourceError
from pipeline.lake import Lake
from pipeline.sources.batch import PolledBatch, Span
from pipeline.sources.kafka import Kafka

NO_END = 2**63 - 1
# A partition that has nothing to read is looked at again after this. Runners before 2.76 keep half a kilobyte of each
# such pause in their checkpoints; what is seen live waits for it.
IDLE_SECONDS = 2

log = logging.getLogger(__name__)


class PartitionTracker(OffsetRestrictionTracker):
    """Offsets of one partition without end; the runner may put off the rest, but not share it out."""

    def try_split(self, fraction_of_remainder: float) -> tuple[OffsetRange, OffsetRange] | None:
        """Cut off what has not been claimed; decline every other cut."""
        if fraction_of_remainder != 0:
            return None
        cut: tuple[OffsetRange, OffsetRange] | None = super().try_split(0)
        return cut

    def is_bounded(self) -> bool:
        """Kafka has no end."""
        return False


class Partitions(RestrictionProvider):
    """An empty span → all offsets from its start on."""

    def initial_restriction(self, span: Span) -> OffsetRange:
        """Everything from the start of `span`."""
        return OffsetRange(span.start, NO_END)

    def create_tracker(self, restriction: OffsetRange) -> PartitionTracker:
        """Track one partition."""
        return PartitionTracker(restriction)

    def restriction_size(self, span: Span, restriction: OffsetRange) -> int:
        """All partitions count alike: how much waits in them is not known here."""
        del span, restriction
        return 1


OFFSETS = beam.DoFn.RestrictionParam(Partitions())
# Never moved: nothing behind the reader has windows, so nothing can come late.
WATERMARK = beam.DoFn.WatermarkEstimatorParam(ManualWatermarkEstimator.default_provider())


class FollowFn(beam.DoFn):
    """Partition (empty span) → its polled batches for ever: a share of a commit in each bundle, then a pause.

    The lake's tip alone says where to read: a restriction restored from a checkpoint of before the tip jumps to it.
    """

    def __init__(self, source: Kafka, lake: Path) -> None:
        self._source, self._root = source, lake

    def setup(self) -> None:
        """Open the lake; connections are this instance's own, since a worker runs several in threads."""
        self._lake = Lake.open(self._root)
        self._source = replace(self._source, owner=uuid.uuid4().hex)

    def teardown(self) -> None:
        """Close the connections."""
        self._source.close()

    def start_bundle(self) -> None:
        """Look at the lake and at Kafka anew: what is read in a bundle has landed when the next begins."""
        self._ready: Mapping[str, Span] | None = None

    @beam.DoFn.unbounded_per_element()
    def process(
        self,
        partition: Span,
        tracker: PartitionTracker = OFFSETS,
        watermark: ManualWatermarkEstimator = WATERMARK,
    ) -> Iterator[PolledBatch]:
        """Read the partition's share, if there is any, and put off the rest.

        Raises HoleError if the lake's tip lies before what has been read and landed already.
        """
        del watermark
        if self._ready is None:
            self._ready = self._look()
        span = self._ready.get(partition.application)
        position = span.start if span else 0
        if span:
            _refuse_hole(span, tracker.current_restriction().start)
            for batch in self._source.fetch(span):
                if not tracker.try_claim(batch.span.end - 1):
                    return
                position = batch.span.end
                yield batch
        more = span is not None and position > span.start and (self._behind or position < span.end)
        tracker.defer_remainder(Duration(0 if more else IDLE_SECONDS))

    def _look(self) -> Mapping[str, Span]:
        """What can be read now, by application. What cannot be read at all, the job's supervisor says."""
        tips = {table.name: transaction_versions(self._lake.path(table.name)) for table in EVENT_TABLES}
        try:
            plan = self._source.plan(lambda table, application: tips[table].get(application), {})
        except SourceError as error:
            log.warning("%s", error)
            return {}
        self._behind = plan.lag > sum(span.end - span.start for span in plan.spans)
        lost = {loss.span.application for loss in plan.losses}
        return {span.application: span for span in plan.spans if span.application not in lost}


def _refuse_hole(span: Span, restored: int) -> None:
    if span.start < restored:
        raise HoleError(
            f"{span.topic}/{span.partition}: {restored} had landed, but the lake's position is {span.start}",
            expected="a lake that only grows",
            remedy="start the job again: it reads from the lake's position",
        )
