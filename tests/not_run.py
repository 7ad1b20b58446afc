"""Tests that cannot run here: skipped with a reason, told of at the end, a failure in continuous integration."""

from collections.abc import Collection

import pytest

LACKING = pytest.StashKey[dict[str, tuple[int, str]]]()


def skip(config: pytest.Config, what: str, items: Collection[pytest.Item], reason: str, remedy: str) -> None:
    """Skip `items`, which need `what`."""
    if not items:
        return
    lacking(config)[what] = (len(items), remedy)
    for item in items:
        item.add_marker(pytest.mark.skip(reason=reason))


def lacking(config: pytest.Config) -> dict[str, tuple[int, str]]:
    """What lacks → how many tests need it, and what to do; yours to change."""
    return config.stash.setdefault(LACKING, {})


def lines(config: pytest.Config) -> list[str]:
    """What to tell of, a line for each thing that lacks."""
    return [f"{what}: {count} tests NOT RUN: {remedy}" for what, (count, remedy) in sorted(lacking(config).items())]
