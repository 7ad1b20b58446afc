"""A list on disk."""

import pytest

from pipeline.simulator.filed import Filed


def test_items_are_found_by_number_and_by_name():
    filed = Filed(tuple[str, int])
    for number in range(5):
        filed.append((str(number), number), f"name {number}" if number % 2 else None)
    assert list(filed) == [(str(number), number) for number in range(5)]
    assert (len(filed), filed.named("name 3")) == (5, ("3", 3))
    with pytest.raises(IndexError):
        filed[5]
    with pytest.raises(KeyError):
        filed.named("name 2")
