"""The validators that tests marked `deploy` run, and what happens where they cannot be built."""

import os
from collections.abc import Iterator

import pytest

from tests.deploy import validators


@pytest.fixture(scope="session")
def built() -> Iterator[validators.Built]:
    """The validators, built if they are not yet. Without Go they are skipped; in continuous integration that fails."""
    if lack := validators.missing():
        reason = f"validators need {lack}"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    yield validators.build()
