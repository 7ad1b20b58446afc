"""Values of a statement's parameters, from the text a person typed to what DuckDB binds."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime

from pipeline.errors import UsageError
from queries.statement import Parameter

Value = str | int | float | bool | date | datetime | None


def bind(query: str, parameters: Sequence[Parameter], given: Mapping[str, str]) -> dict[str, Value]:
    """Name → value for every parameter of `query`, defaults filled in.

    Raises UsageError naming everything that is wrong at once: unknown, missing or ill-typed.
    """
    known = {parameter.name: parameter for parameter in parameters}
    problems = [_unknown(name, known) for name in given if name not in known]
    values: dict[str, Value] = {}
    for parameter in parameters:
        text = given.get(parameter.name)
        if text is None and parameter.default is None:
            problems.append(f"missing parameter {parameter.name} ({parameter.type}: {parameter.about})")
            continue
        try:
            values[parameter.name] = _value(parameter, text)
        except ValueError as error:
            problems.append(f"parameter {parameter.name}: {text!r} is not {error}")
    if problems:
        raise UsageError(f"query {query}: {'; '.join(problems)}")
    return values


def pairs(arguments: Sequence[str]) -> dict[str, str]:
    """`k=v` arguments as a mapping.

    Raises UsageError for one without a name or given twice.
    """
    found: dict[str, str] = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals or not name or name in found:
            raise UsageError(f"wrong --param {argument!r}", expected="name=value, each name once")
        found[name] = value
    return found


def _unknown(name: str, known: Mapping[str, Parameter]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    has = f"it has {', '.join(known)}" if known else "it has none"
    return f"no parameter {name!r}, " + (f"did you mean {near[0]}?" if near else has)


def _value(parameter: Parameter, text: str | None) -> Value:
    if text is not None:
        return READERS[parameter.type](text)
    assert parameter.default is not None
    if parameter.default == "NULL":
        return None
    return READERS[parameter.type](parameter.default.strip("'"))


def _integer(bits: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = 2**bits
        if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
            raise ValueError(f"a whole number of {bits} bits")
        return number

    return read


def _double(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("a number") from None


def _boolean(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError("true or false")
    return text.lower() == "true"


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("a day such as 2026-06-14") from None


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("a time such as 2026-06-14T12:00:00Z") from None
    if instant.tzinfo is None and len(text) > len("2026-06-14"):
        raise ValueError("a time with an offset, such as 2026-06-14T12:00:00Z")
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


READERS: dict[str, Callable[[str], Value]] = {
    "VARCHAR": str,
    "INTEGER": _integer(32),
    "BIGINT": _integer(64),
    "DOUBLE": _double,
    "BOOLEAN": _boolean,
    "DATE": _date,
    "TIMESTAMPTZ": _instant,
}
