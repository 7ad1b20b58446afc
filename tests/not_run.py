"""Tests that cannot run here: skipped with a reason, told of at the end, a failure in continuous integration."""

from collections.abc import Collection

import pytest

# What lacks → tests that need it, and what to do.
LACKING = pytest.StashKey[dict[str, tuple[int, str]]]()


def skip(config: pytest.Config, what: str, items: Collection[pytest.Item], reason: str, remedy: str) -> None:
    """Skip `items`, which need `what`."""
    if not items:
        return
    config.stash.setdefault(LACKING, {})[what] = (len(items), remedy)
    for item in items:
        item.add_marker(pytest.mark.skip(reason=reason))


def lines(config: pytest.Config) -> list[str]:
    """What to tell of, a line for each thing that lacks."""
    lacking = config.stash.get(LACKING, {})
    return [f"{what}: {count} tests NOT RUN: {remedy}" for what, (count, remedy) in sorted(lacking.items())]
