from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from pipeline.contract.tables import Run
from queries.service.figures import Figures, Owed, Size
from queries.service.telling import LANDED_EVERY_SECONDS, Teller

START = datetime(2026, 6, 3, tzinfo=UTC)


def run(run_id):
    return Run(
        run_id=run_id,
        started_at=START,
        as_of=None,
        positions="{}",
        previous_run_id=None,
        code_version="1",
        settings_hash="",
        files="{}",
    )


def watch(at=0.0, *, idle=True, lag=0, current=None, verdicts=(), alerts=(), **rows):
    sizes = {table: Size(count, 1, 1) for table, count in rows.items()}
    figures = Figures(
        at=at,
        sizes=sizes,
        positions={},
        rejected={},
        run=run(current) if current else None,
        verdicts=dict(verdicts),
        alerts=[Owed("log", state, count, None) for state, count in alerts],
    )
    return SimpleNamespace(figures=figures, idle=idle, lag=lag, unit="offsets")


@pytest.fixture
def told():
    return []


@pytest.fixture
def teller(told):
    made = Teller(told.append, ("land", "link", "alert"))
    made.look(watch(usage=10, current="r0", alerts=[("delivered", 2)]))
    return made


def test_what_was_there_at_the_start_is_no_news(teller, told):
    teller.look(watch(usage=10, current="r0", alerts=[("delivered", 2)]))
    assert told == []


def test_what_landed_is_told_when_there_is_a_pause_or_once_a_minute(teller, told):
    teller.look(watch(1, idle=False, usage=11, current="r0"))
    assert told == []
    teller.look(watch(LANDED_EVERY_SECONDS, idle=False, lag=1234, usage=5011, signup=3, rejected=2, current="r0"))
    teller.look(watch(LANDED_EVERY_SECONDS + 1, usage=5012, signup=3, rejected=2, matches=1, current="r0"))
    teller.look(watch(LANDED_EVERY_SECONDS + 2, usage=7, signup=3, current="r0"))  # retention
    assert told == [
        "landed 5,004 events (signup 3, usage 5,001), 2 rejected, 0 matches of known operators; lag 1,234 offsets",
        "landed 1 events (usage 1), 0 rejected, 1 matches of known operators; lag 0 offsets",
    ]


def test_a_run_and_alerts_are_told_with_figures(teller, told):
    owed = [("delivered", 5), ("pending", 4), ("failed", 1)]
    teller.look(watch(usage=10, current="r1", verdicts=[("resale", 1), ("distillation", 2)], alerts=owed))
    teller.look(watch(usage=10, current="r1", verdicts=[("resale", 1), ("distillation", 2)], alerts=owed))
    assert told == [
        "linked r1: 3 clusters (2 distillation, 1 resale)",
        "alerted log: 3 delivered",
        "alerted log: 1 failed",
    ]


def test_what_others_do_is_theirs_to_tell(told):
    other = Teller(told.append, ("publish",))
    for figures in (watch(usage=10, current="r0"), watch(usage=11, current="r1", alerts=[("delivered", 1)])):
        other.look(figures)
    assert told == []


def test_a_step_tells_what_it_said_last(teller, told):
    teller.did(SimpleNamespace(name="publish", seconds=1.25, said="published x"))
    teller.did(SimpleNamespace(name="link", seconds=9, said="r1"))
    assert told == ["publish took 1.2 s: published x", "link took 9.0 s"]
