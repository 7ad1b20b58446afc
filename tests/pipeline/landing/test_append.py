import multiprocessing
import random
import resource
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME
from pipeline.deltalog import transaction_versions
from pipeline.errors import HoleError, LakeError
from pipeline.lake import Lake
from pipeline.landing import compaction
from pipeline.landing.append import Part, append_rejects, append_rows, begin, move_tip
from pipeline.sources.batch import Span
from tests.pipeline.landed import rows

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path):
    return Lake.create(tmp_path / "lake", "check")


def part(start, end, *, table="action", partition=0, at=None):
    """A span with a row at each of the offsets `at`, by default at all."""
    span = Span(table, "account.action.v1", "topic", partition, f"topic/{partition}", start, end)
    known = {
        "event_id": "ev",
        "event_time": NOW,
        "account_id": "acct",
        "action": "banned",
        "event_date": NOW.date(),
        "reason": "not_json",
        "detail": "malformed JSON",
        "path": "$",
        "size_bytes": 1,
        "digest": "v1:0",
        "_topic_id": "topic",
        "_topic": "account.action.v1",
        "_partition": partition,
        "_landed_at": NOW,
    }
    columns = [column.name for column in BY_NAME[table].columns]
    made = [
        {column: known.get(column) for column in columns} | {"_offset": offset}
        for offset in (range(start, end) if at is None else at)
    ]
    return Part(span, pa.Table.from_pylist(made, schema=arrow_schema(BY_NAME[table])))


def offsets(lake, table="action", partition=0):
    return [row["_offset"] for row in rows(lake, table) if row["_partition"] == partition]


def tips(lake, table="action"):
    return transaction_versions(lake.path(table))


def test_rows_and_position_move_together(lake):
    assert append_rows(lake, "action", [part(0, 5), part(0, 3, partition=1), part(5, 8)]).rows == 11
    assert offsets(lake) == list(range(8))
    assert tips(lake) == {"topic/0": 8, "topic/1": 3}
    assert lake.table("action").version() == 1


@pytest.mark.parametrize(("start", "end", "added"), [(0, 5, 0), (2, 4, 0), (0, 8, 3), (3, 6, 1), (5, 5, 0), (5, 9, 4)])
def test_what_has_landed_is_dropped(lake, start, end, added):
    append_rows(lake, "action", [part(0, 5)])
    assert append_rows(lake, "action", [part(start, end)]).rows == added
    assert offsets(lake) == list(range(5 + added))
    assert tips(lake) == {"topic/0": 5 + added}


def test_a_batch_without_rows_moves_the_position_and_idleness_commits_nothing(lake):
    append_rows(lake, "action", [part(3, 9, at=[])])
    assert tips(lake) == {"topic/0": 9}
    version = lake.table("action").version()
    append_rows(lake, "action", [part(3, 9, at=[])])
    append_rows(lake, "action", [])
    assert lake.table("action").version() == version


def test_a_hole_is_refused_and_nothing_of_it_lands(lake):
    append_rows(lake, "action", [part(0, 5)])
    with pytest.raises(HoleError, match=r"account.action.v1/0: a batch starts at 6, but only 5 have landed"):
        append_rows(lake, "action", [part(0, 4, partition=1), part(6, 8)])
    with pytest.raises(HoleError):
        append_rows(lake, "action", [part(5, 7), part(8, 9)])
    assert offsets(lake) == list(range(5))
    assert tips(lake) == {"topic/0": 5}


def test_rejects_have_holes_and_their_own_position(lake):
    assert (
        append_rejects(lake, [part(0, 9, table="rejected", at=[2, 4]), part(9, 20, table="rejected", at=[])]).rows == 2
    )
    assert tips(lake, "rejected") == {"topic/0": 9}
    assert append_rejects(lake, [part(0, 12, table="rejected", at=[2, 4, 11])]).rows == 1
    assert append_rejects(lake, [part(50, 60, table="rejected", at=[55])]).rows == 1
    assert offsets(lake, "rejected") == [2, 4, 11, 55]


def test_beginnings_are_positions_and_never_move_one(lake):
    place = part(7, 7, at=[]).span
    begin(lake, [place, replace(place, application="topic/1", start=0, end=0)])
    assert tips(lake) == {"topic/0": 7, "topic/1": 0}
    append_rows(lake, "action", [part(7, 9)])
    begin(lake, [place])
    assert tips(lake)["topic/0"] == 9
    with pytest.raises(HoleError):
        append_rows(lake, "action", [part(1, 2, partition=1)])


def test_a_lost_span_is_stepped_over_only_from_its_start(lake):
    append_rows(lake, "action", [part(0, 5)])
    move_tip(lake, part(4, 9, at=[]).span)
    assert tips(lake) == {"topic/0": 5}
    move_tip(lake, part(5, 9, at=[]).span)
    assert tips(lake) == {"topic/0": 9}


END, STEP = 150, 6


def _write(root, seed, barrier):
    """Land [0, END) of two partitions in random pieces, from where the lake is, often from before it."""
    lake, draw = Lake.open(root), random.Random(seed)
    barrier.wait()
    while (tips := {f"topic/{p}": 0 for p in (0, 1)} | transaction_versions(lake.path("action"))) != dict.fromkeys(
        ("topic/0", "topic/1"), END
    ):
        parts = []
        for partition in (0, 1):
            tip = tips[f"topic/{partition}"]
            start = max(0, tip - draw.randrange(STEP))
            parts.append(part(start, min(END, tip + draw.randrange(1, STEP)), partition=partition))
        append_rows(lake, "action", parts)


def _compact(root, barrier, done):
    lake = Lake.open(root)
    barrier.wait()
    compaction.SPARE_FILES = 5
    while not done.wait(0.1):
        compaction.compact_if_due(lake)


def test_writers_that_compete_beside_compaction_land_every_row_once(lake):
    spawn = multiprocessing.get_context("spawn")
    barrier, done = spawn.Barrier(4), spawn.Event()
    writers = [spawn.Process(target=_write, args=(lake.root, seed, barrier)) for seed in range(3)]
    compactor = spawn.Process(target=_compact, args=(lake.root, barrier, done))
    for process in (*writers, compactor):
        process.start()
    for process in writers:
        process.join(60)
    done.set()
    compactor.join(60)
    assert [process.exitcode for process in (*writers, compactor)] == [0] * 4
    assert offsets(lake, partition=0) == offsets(lake, partition=1) == list(range(END))
    assert tips(lake) == {"topic/0": END, "topic/1": END}


def _land_on_a_small_disk(root, told):
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))
    try:
        append_rows(Lake.open(root), "action", [part(5, 5000)])
    except LakeError as error:
        told.put(str(error))


def test_a_failing_disk_is_one_clear_line_and_the_same_rows_land_afterwards(lake):
    append_rows(lake, "action", [part(0, 5)])
    spawn = multiprocessing.get_context("spawn")
    told = spawn.Queue()
    process = spawn.Process(target=_land_on_a_small_disk, args=(lake.root, told))
    process.start()
    message = told.get(timeout=60)
    process.join(60)
    assert message.startswith(f"cannot write {lake.path('action')}: ")
    assert message.endswith("nothing was half-written; mend the disk or its permissions and start again")
    assert offsets(lake) == list(range(5))
    append_rows(lake, "action", [part(5, 5000)])
    assert offsets(lake) == list(range(5000))


def test_a_table_that_cannot_be_made_is_one_clear_line(lake):
    lake.path("action").write_text("a file where the table should be")
    with pytest.raises(LakeError, match=r"cannot write .*action: "):
        append_rows(lake, "action", [part(0, 5)])
