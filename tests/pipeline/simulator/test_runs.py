"""Sorted runs on disk."""

import heapq

import pytest

from pipeline.simulator import runs
from pipeline.simulator.account import ActionRecord
from pipeline.simulator.clock import instant
from pipeline.simulator.runs import Runs


def placed(time, place):
    return (
        time,
        place,
        ActionRecord(event_id=f"{time}/{place}", event_time=instant(time), account_id="a", action="banned"),
    )


@pytest.mark.parametrize("count", [0, 1, 2, 3, 26, 27, 28])
def test_runs_come_back_as_one_however_often_they_were_merged_in_between(count, monkeypatch):
    monkeypatch.setattr(runs, "_FAN_IN", 3)
    written = [[placed(17 * time % 5 + 10 * time, number) for time in range(4)] for number in range(count)]
    with Runs() as kept:
        for events in written:
            kept.add(sorted(events))
        assert list(kept.merged()) == list(heapq.merge(*map(sorted, written)))
