"""A .sql file and its typed header: what it answers, its parameters, its columns."""

import re
from dataclasses import dataclass
from pathlib import Path

PARAM = re.compile(
    r"^-- param\s+(?P<name>\w+)\s+(?P<type>[A-Z]+)(?:\s+= (?P<default>'[^']*'|\S+))?\s{2,}(?P<about>.+)$"
)
COLUMN = re.compile(r"^-- column\s+(?P<name>\w+)\s+(?P<type>[A-Z]+(?:\[\])?)\s{2,}(?P<about>.+)$")
REACH = re.compile(r"^-- reach\s+(?P<name>\w+)\s{2,}(?P<about>.+)$")


class HeaderError(ValueError):
    """A line of a header is not one of the four forms: a defect of the product, not of its user."""


@dataclass(frozen=True)
class Parameter:
    """A bound `$name`; `default` is SQL text, None where a value must be given."""

    name: str
    type: str
    about: str
    default: str | None


@dataclass(frozen=True)
class ResultColumn:
    """A column of the result, with its DuckDB type."""

    name: str
    type: str
    about: str


@dataclass(frozen=True)
class Statement:
    """One SELECT with its documentation; `sql` is the file without its header.

    `reach` names the parameters whose accounts' events are all that it reads outside the case file.
    """

    name: str
    about: str
    parameters: tuple[Parameter, ...]
    columns: tuple[ResultColumn, ...]
    sql: str
    reach: tuple[str, ...] = ()


def read_statement(path: Path) -> Statement:
    """The statement in the file `path`, named for it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    header = [line for line in lines if line.startswith("-- ")]
    body = "\n".join(lines[len(header) :]).strip()
    try:
        return _parse(path.stem, header, body.rstrip(";"))
    except HeaderError as error:
        raise HeaderError(f"{path.name}: {error}") from None


def read_folder(folder: Path) -> dict[str, Statement]:
    """Name → statement of every .sql file in `folder`, by name."""
    return {path.stem: read_statement(path) for path in sorted(folder.glob("*.sql"))}


def _parse(name: str, header: list[str], sql: str) -> Statement:
    about: list[str] = []
    parameters: list[Parameter] = []
    columns: list[ResultColumn] = []
    reach: list[str] = []
    for line in header:
        if line.startswith("-- param "):
            found = _matched(PARAM, line)
            parameters.append(Parameter(found["name"], found["type"], found["about"], found["default"]))
        elif line.startswith("-- column "):
            found = _matched(COLUMN, line)
            columns.append(ResultColumn(found["name"], found["type"], found["about"]))
        elif line.startswith("-- reach "):
            reach.append(_matched(REACH, line)["name"])
        elif columns or parameters:
            raise HeaderError(f"prose after parameters and columns: {line!r}")
        else:
            about.append(line.removeprefix("-- ").strip())
    if not about or not columns:
        raise HeaderError("expected a sentence and at least one column")
    return Statement(name, " ".join(about), tuple(parameters), tuple(columns), sql, tuple(reach))


def _matched(pattern: re.Pattern[str], line: str) -> re.Match[str]:
    found = pattern.match(line)
    if found is None:
        raise HeaderError(f"expected `-- param|column|reach  name  TYPE [= default]  About.`, got {line!r}")
    return found
