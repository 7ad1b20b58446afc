"""Everything that is wrong with a hook's settings, told at once."""

from collections.abc import Callable
from typing import Any

from pipeline.errors import UsageError


def together(*parts: Callable[[], Any]) -> list[Any]:
    """What each of `parts` returns; raises one UsageError that says what every part that fails has to say."""
    made, problems = [], []
    for part in parts:
        try:
            made.append(part())
        except UsageError as error:
            problems.append(str(error))
    if problems:
        raise UsageError("; ".join(problems))
    return made
