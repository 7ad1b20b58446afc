"""The named queries: one .sql file each, found by name."""

import difflib
from functools import cache
from pathlib import Path

import pyarrow as pa

from pipeline.errors import UsageError
from queries.statement import Parameter, Statement, read_folder

FOLDER = Path(__file__).parent / "named"


@cache
def named_queries() -> dict[str, Statement]:
    """Name → statement, by name."""
    return read_folder(FOLDER)


def named_query(name: str) -> Statement:
    """The query `name`.

    Raises UsageError that suggests the near names.
    """
    found = named_queries().get(name)
    if found is not None:
        return found
    near = difflib.get_close_matches(name, named_queries(), 3, cutoff=0.4)
    raise UsageError(
        f"no query {name!r}",
        expected=f"a query such as {', '.join(near)}" if near else "",
        remedy="`hydratrace query` lists them all",
    )


def listing() -> pa.Table:
    """One row per query: name, parameters, what it answers."""
    rows = [(query.name, " ".join(map(_usage, query.parameters)), query.about) for query in named_queries().values()]
    names, parameters, answers = zip(*rows, strict=True)
    return pa.table({"query": names, "parameters": parameters, "answers": answers})


def _usage(parameter: Parameter) -> str:
    return parameter.name if parameter.default is None else f"[{parameter.name}={parameter.default}]"
