"""What msgspec does not refuse: repeated keys, deep nesting, and numbers or text it skips in unknown fields."""

import json
import math
import re

from pipeline.decode.reasons import Problem, Reason

MAX_DEPTH = 64
# Possessive, and an unclosed string ends with the record: a hostile record is still read once only.
STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
BRACKETS = re.compile(rb"[^\[\]{}]+")


class _Broken(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def inspect(value: bytes, known: frozenset[str]) -> Problem | None:
    """Check one record exactly, unknown fields included; None if its structure is sound.

    Only names in `known` are told in the path: any other key may be anything.
    """
    # Counting all brackets takes a tenth of the time, and few records have so many.
    if value.count(b"[") + value.count(b"{") > MAX_DEPTH and depth(value) > MAX_DEPTH:
        return Problem(Reason.TOO_DEEP, f"nested deeper than {MAX_DEPTH}")

    paths: list[str] = []  # of each object, the outermost last: where it has a key twice, empty if nowhere

    def note(pairs: list[tuple[str, object]]) -> dict[str, object]:
        made = dict(pairs)
        names = [name for name, _ in pairs] if len(made) < len(pairs) else []
        twice = min((name for name in known.intersection(names) if names.count(name) > 1), default="")
        paths.append(f"$.{twice}" if twice else "$" if names else "")
        return made

    try:
        json.loads(
            value.decode(), object_pairs_hook=note, parse_int=_finite, parse_float=_finite, parse_constant=_finite
        )
    except _Broken as broken:
        return broken.problem
    except (ValueError, RecursionError):
        return Problem(Reason.NOT_JSON, "malformed JSON")
    return Problem(Reason.DUPLICATE_KEY, "a key appears twice", paths[-1] or "$") if any(paths) else None


def depth(value: bytes) -> int:
    """Deepest nesting of arrays and objects in a JSON text; strings do not count."""
    level = deepest = 0
    for bracket in BRACKETS.sub(b"", STRING.sub(b"", value)):
        if bracket in b"[{":
            level += 1
            deepest = max(deepest, level)
        else:
            level -= 1
    return deepest


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Broken(Problem(Reason.NON_FINITE, "a number is not finite"))
    return number
