import logging
import threading
from dataclasses import dataclass

import pytest

from pipeline import errors
from pipeline.deltalog import transaction_versions
from pipeline.landing.micro_batches import Tick, follow
from pipeline.sources.batch import PolledBatch
from pipeline.sources.source import Plan
from tests.pipeline.landed import contents, directory, drained, job, rows
from tests.pipeline.records import GOOD, event, polled


def lines(table, count, first=0):
    return b"".join(event(table, event_id=f"ev-{n}", account_id=f"acct-{n % 3}") + b"\n" for n in range(first, count))


@pytest.fixture
def folder(tmp_path):
    """Events of every topic, and bad records of several kinds among them."""
    folder = tmp_path / "files"
    (folder / "api.usage.v1").mkdir(parents=True)
    for table, topic in (("signup", "account.signup.v1"), ("payment", "account.payment.v1")):
        (folder / f"{topic}.jsonl").write_bytes(lines(table, 7) + b"{\n" + lines(table, 9, 7))
    (folder / "account.action.v1.jsonl").write_bytes(event("action", event_time="2014-01-01T00:00:00Z") + b"\n")
    for number in (1, 2):
        (folder / "api.usage.v1" / f"{number}.jsonl").write_bytes(
            event("usage", ip="x") + b"\n\n" + lines("usage", 20 * number) + b"\xff\n[]\n"
        )
    return folder


def test_everything_lands_once_and_the_second_job_has_nothing_to_do(tmp_path, folder):
    landing = job(tmp_path / "lake", directory(folder))
    (tick,) = drained(landing)
    assert (tick.landed, tick.rejected, tick.idle) == (9 + 9 + 20 + 40, 2 + 1 + 6, False)
    assert len(rows(landing.lake, "usage")) == 60
    assert [row["reason"] for row in rows(landing.lake, "rejected") if row["_topic"] == "api.usage.v1"] == [
        "invalid_ip",
        "not_utf8",
        "not_object",
    ] * 2
    ends = {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*.jsonl")}
    assert landing.lake.positions() == ends
    versions = {table: landing.lake.table(table).version() for table in GOOD}
    assert drained(job(tmp_path / "lake", directory(folder))) == []
    assert {table: landing.lake.table(table).version() for table in GOOD} == versions


@pytest.mark.parametrize(("polls", "commits", "span"), [(1, 1, 2**20), (3, 10, 3000), (1000, 5, 2500)])
def test_any_batch_size_gives_equal_tables(tmp_path, folder, polls, commits, span):
    plain = job(tmp_path / "plain", directory(folder))
    drained(plain)
    cut = job(tmp_path / "cut", directory(folder, poll_records=polls, span_bytes=span), commit_records=commits)
    drained(cut)
    for table in (*GOOD, "rejected"):
        assert rows(cut.lake, table) == rows(plain.lake, table)
    assert contents(cut.lake) == contents(plain.lake)
    assert cut.lake.positions() == plain.lake.positions()


def test_a_growing_folder_is_followed_until_told_to_stop(tmp_path, folder):
    landing = job(tmp_path / "lake", directory(folder))
    stop, ticks = threading.Event(), []

    def report(tick):
        ticks.append(tick)
        if len(ticks) == 1:
            with (folder / "account.signup.v1.jsonl").open("ab") as file:
                file.write(lines("signup", 12, 9))
        elif len(ticks) == 2:
            (folder / "api.usage.v1" / "3.jsonl").write_bytes(lines("usage", 5))
        elif tick.idle:
            stop.set()

    follow(landing, stop, report, 0.01)
    assert [tick.landed for tick in ticks] == [78, 3, 5, 0]
    assert len(rows(landing.lake, "signup")) == 12


def test_our_errors_come_back_from_beams_workers_as_themselves(tmp_path, folder):
    landing = job(tmp_path / "lake", directory(folder))
    landing.lake.path("usage").write_text("a file where the table should be")
    with pytest.raises(
        errors.LakeError, match=r"^cannot write .*usage: [ -~]*Not a directory \(os error 20\); nothing .* start again$"
    ):
        landing.tick()
    landing.lake.path("usage").unlink()
    drained(landing)
    assert len(rows(landing.lake, "usage")) == 60
    assert len(rows(landing.lake, "rejected")) == 9


@dataclass(frozen=True)
class Broken:
    """A source that plans more than it can read: `batches` is what it yields."""

    batches: tuple[PolledBatch, ...]

    def plan(self, tips, known):
        return Plan([polled("action", [event("action")] * 9).span], 9)

    def fetch(self, span):
        yield from self.batches

    def close(self):
        pass


def test_a_source_from_which_nothing_comes_is_not_waited_for_in_silence(tmp_path, caplog):
    landing = job(tmp_path / "lake", Broken(()))
    with pytest.raises(errors.UnreachableError, match=r"9 .* are waiting, but none can be read"):
        landing.tick()
    stop = threading.Event()

    class Stopping(logging.Handler):
        def emit(self, record):
            stop.set()

    logger = logging.getLogger("pipeline.landing.micro_batches")
    logger.addHandler(handler := Stopping())
    follow(landing, stop, lambda tick: None, 0.01)
    logger.removeHandler(handler)
    assert "none can be read; trying again in 1 s" in caplog.text


def test_a_hole_stops_the_job(tmp_path):
    landing = job(tmp_path / "lake", Broken((polled("action", [event("action")]),)))
    assert landing.tick() == Tick(1, 0, 9, idle=False)
    holed = job(tmp_path / "lake", Broken((polled("action", [event("action")], start=5),)))
    with pytest.raises(errors.HoleError, match="a batch starts at 5, but only 1 have landed"):
        holed.tick()
    assert transaction_versions(landing.lake.path("action")) == {"topic-id/0": 1}
