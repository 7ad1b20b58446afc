from dataclasses import replace

import pytest

from pipeline.deltalog import transaction_versions
from pipeline.errors import LakeError, SourceError
from pipeline.lake import Lake
from pipeline.landing.append import begin
from pipeline.landing.losses import settle
from pipeline.sources.batch import Span
from pipeline.sources.source import Loss
from tests.pipeline.landed import rows

LOST = Span("usage", "api.usage.v1", "id-1", 0, "id-1/0", 10, 25)
RETENTION = Loss(LOST, "retention", True)
REPLACED = Loss(replace(LOST, end=10), "topic re-created", False)


@pytest.fixture
def lake(tmp_path):
    lake = Lake.create(tmp_path / "lake", "check")
    begin(lake, [replace(LOST, end=10)])
    return lake


def gaps(lake):
    return [(row["_topic_id"], row["_offset"], row["end_offset"], row["reason"]) for row in rows(lake, "gaps")]


def tip(lake):
    return transaction_versions(lake.path("usage"))["id-1/0"]


def test_nothing_lost_is_nothing_to_settle(lake):
    assert settle(lake, [], accept=False) is False
    assert not lake.path("gaps").exists()


@pytest.mark.parametrize(
    ("loss", "told"),
    [
        (RETENTION, r"api\.usage\.v1/0: 15 offsets are gone \(landed up to 10, the log starts at 25: retention\)"),
        (REPLACED, r"api\.usage\.v1/0 \(id id-1, landed up to 10\) is gone: topic re-created"),
    ],
)
def test_a_loss_stops_the_job_and_says_what_is_gone(lake, loss, told):
    with pytest.raises(SourceError, match=told + r"; to go on .*: hydratrace land --accept-loss"):
        settle(lake, [loss], accept=False)
    assert gaps(lake) == []
    assert tip(lake) == 10


def test_an_accepted_loss_is_recorded_and_stepped_over(lake):
    assert settle(lake, [RETENTION], accept=True) is True
    assert gaps(lake) == [("id-1", 10, 25, "retention")]
    assert tip(lake) == 25


def test_a_loss_recorded_before_a_crash_is_stepped_over_and_not_recorded_again(lake):
    settle(lake, [replace_table(RETENTION)], accept=True)
    assert tip(lake) == 10
    assert settle(lake, [RETENTION], accept=True) is True
    assert gaps(lake) == [("id-1", 10, 25, "retention")]
    assert tip(lake) == 25


def replace_table(loss):
    """The same loss, with its position out of reach: as if the job was killed before it moved."""
    return loss._replace(span=replace(loss.span, table="signup"))


def test_a_loss_that_grew_since_is_recorded_from_where_it_ended(lake):
    settle(lake, [replace_table(RETENTION)], accept=True)
    grown = RETENTION._replace(span=replace(LOST, end=40))
    assert settle(lake, [grown], accept=True) is True
    assert gaps(lake) == [("id-1", 10, 25, "retention"), ("id-1", 25, 40, "retention")]
    assert tip(lake) == 40


def test_a_topic_that_is_gone_is_told_once(lake):
    assert settle(lake, [REPLACED], accept=True) is True
    assert settle(lake, [REPLACED], accept=False) is False
    assert gaps(lake) == [("id-1", 10, None, "topic re-created")]
    assert tip(lake) == 10


def test_a_lake_that_cannot_be_written_is_one_clear_line(lake):
    lake.path("gaps").write_text("a file where the table should be")
    with pytest.raises(LakeError, match=r"cannot write .*gaps: "):
        settle(lake, [RETENTION], accept=True)
