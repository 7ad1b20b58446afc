import json
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.contract.tables import Run
from pipeline.settings import Settings
from queries.service.due import Due
from queries.service.figures import Figures, Size

START = datetime(2026, 6, 3, tzinfo=UTC)
SETTINGS = Settings(link_minutes=10, link_events=100)


def run(number, at=START, position=1):
    return Run(
        run_id=f"run-{number}",
        started_at=at,
        as_of=None,
        positions=json.dumps({"f": position}),
        previous_run_id=None,
        code_version="1",
        settings_hash="",
        files="{}",
    )


def seen(events, current=None, *, position=None):
    sizes = {"usage": Size(events, 1, 1)} if events else {}
    positions = {"f": events if position is None else position}
    return Figures(at=0, sizes=sizes, positions=positions, rejected={}, run=current, verdicts={}, alerts=[])


def minutes(count):
    return START + timedelta(minutes=count)


@pytest.fixture
def due():
    return Due(SETTINGS, START)


def settle(due, figures):
    """All that follows a run is done."""
    due.started("publish", figures, START)
    due.done("publish")


@pytest.mark.parametrize(
    ("events", "caught_up", "after", "expected"),
    [(0, True, 60, []), (5, True, 0, ["link"]), (5, False, 9, []), (5, False, 10, ["link"]), (100, False, 0, ["link"])],
)
def test_the_first_link_waits_for_landing_to_catch_up_but_not_for_ever(due, events, caught_up, after, expected):
    assert list(due.steps(seen(events), caught_up, minutes(after))) == expected


@pytest.mark.parametrize(
    ("events", "after", "expected"), [(1, 60, []), (2, 9, []), (2, 10, ["link"]), (100, 1, []), (101, 1, ["link"])]
)
def test_a_link_is_due_by_time_or_by_events_and_never_without_news(due, events, after, expected):
    settle(due, seen(1, run(1)))
    assert list(due.steps(seen(1, run(1)), True, START)) == []
    assert list(due.steps(seen(events, run(1)), True, minutes(after))) == expected


def test_events_that_land_while_a_link_runs_count_for_the_next(due):
    settle(due, seen(1, run(1)))
    list(due.steps(seen(1, run(1)), True, START))
    due.started("link", seen(120, run(1)), START)
    due.done("link")
    after = seen(221, run(2, minutes(1), position=120))
    settle(due, after)
    assert list(due.steps(after, True, minutes(1))) == ["link"]


def test_a_run_of_the_future_holds_nothing_up(due):
    figures = seen(5, run(1, minutes(60)))
    settle(due, figures)
    assert list(due.steps(figures, True, minutes(10))) == ["link"]


def test_links_keep_their_distance_while_the_clock_is_behind_the_newest_run(due):
    figures = seen(5, run(1, minutes(600)))
    settle(due, figures)
    due.started("link", figures, minutes(10))
    due.done("link")
    after = seen(6, run(2, minutes(601), position=5))
    settle(due, after)
    assert list(due.steps(after, True, minutes(19))) == []
    assert list(due.steps(after, True, minutes(20))) == ["link"]


def test_a_new_run_is_published_before_the_next_link(due):
    assert list(due.steps(seen(500, run(1)), True, minutes(20))) == ["publish", "link"]


def test_what_failed_stays_due(due):
    figures = seen(1, run(1))
    due.started("publish", figures, START)
    assert "publish" in list(due.steps(figures, True, START))


def test_a_decision_is_published():
    due, figures = Due(SETTINGS, START), seen(1, run(1))
    settle(due, figures)
    figures.sizes["decisions"] = Size(1, 1, 1)
    assert list(due.steps(figures, True, START)) == ["publish"]


def test_matches_are_published_within_a_minute_or_so(due):
    figures = seen(1, run(1))
    settle(due, figures)
    figures.sizes["matches"] = Size(3, 1, 1)
    assert list(due.steps(figures, True, START + timedelta(seconds=59))) == []
    assert list(due.steps(figures, True, START + timedelta(seconds=60))) == ["publish"]
    due.started("publish", figures, minutes(1))
    due.done("publish")
    assert list(due.steps(figures, True, minutes(3))) == []


def test_retention_is_kept_once_a_day():
    due = Due(Settings(retention={"usage": 90}), START)
    assert list(due.steps(seen(0), True, START)) == ["retain"]
    due.started("retain", seen(0), START)
    due.done("retain")
    assert list(due.steps(seen(0), True, minutes(1439))) == []
    assert list(due.steps(seen(0), True, minutes(1440))) == ["retain"]


def test_without_rules_files_that_left_are_swept_all_the_same(due):
    assert list(due.steps(seen(0), True, minutes(119))) == []
    assert list(due.steps(seen(0), True, minutes(120))) == ["retain"]
    due.started("retain", seen(0), minutes(120))
    due.done("retain")
    assert list(due.steps(seen(0), True, minutes(121))) == []
