"""A queue on disk."""

import pytest

from pipeline.simulator.waiting import Waiting


def test_items_come_back_by_time_then_place_whenever_they_were_put():
    waiting = Waiting()
    for time, place in [(5, 0), (3, 2), (3, 1), (9, 0)]:
        waiting.put(time, place, {"at": (time, place)})
    assert [(waiting.first, waiting.take()) for _ in range(2)] == [
        ((3, 1), {"at": (3, 1)}),
        ((3, 2), {"at": (3, 2)}),
    ]
    waiting.put(4, 7, {"at": (4, 7)})
    assert [waiting.take()["at"] for _ in range(3)] == [(4, 7), (5, 0), (9, 0)]
    assert waiting.first is None
    with pytest.raises(IndexError):
        waiting.take()
