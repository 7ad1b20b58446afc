"""Views and macros of the case file: what makes it useful in any DuckDB shell."""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import duckdb

from pipeline.contract.ddl import quoted
from pipeline.contract.tables import BY_NAME, EVENT_TABLES
from queries.casefile.segments import union
from queries.catalogue import named_queries
from queries.statement import Parameter, Statement, read_folder

FOLDER = Path(__file__).parent / "views"
BOUND = re.compile(r"\$(\w+)")
REACHING = re.compile(r"\ball_(signup|payment|usage|action)\b")
REACH = (
    "Events in reach: of clustered and linked accounts in a plain DuckDB shell, of all accounts in `hydratrace sql`."
)


def views() -> Iterator[str]:
    """Statements that make the views, with their comments, in a connection's own database.

    all_usage and its like hold what the case file itself has; `shadow_views` puts every event in their place.
    """
    for table in EVENT_TABLES:
        yield f'CREATE VIEW "all_{table.name}" AS FROM "{table.name}"'
        yield f'COMMENT ON VIEW "all_{table.name}" IS {quoted(REACH)}'
        for column in table.columns:
            yield f'COMMENT ON COLUMN "all_{table.name}"."{column.name}" IS {quoted(column.description)}'
    for view in read_folder(FOLDER).values():
        yield f'CREATE VIEW "{view.name}" AS {view.sql}'
        yield f'COMMENT ON VIEW "{view.name}" IS {quoted(view.about)}'
        for shown in view.columns:
            yield f'COMMENT ON COLUMN "{view.name}"."{shown.name}" IS {quoted(shown.about)}'


def shadow_views(connection: duckdb.DuckDBPyConnection, parts: Mapping[str, Collection[int]]) -> None:
    """Make the same views as temporary ones, over events of attached segments: `parts` names those of each table."""
    for table in EVENT_TABLES:
        connection.execute(f'CREATE OR REPLACE TEMP VIEW "all_{table.name}" AS {union(table, parts[table.name])}')
    for view in read_folder(FOLDER).values():
        connection.execute(f'CREATE OR REPLACE TEMP VIEW "{view.name}" AS {_over_segments(view.sql, parts)}')


def narrowed(sql: str, parts: Mapping[str, Collection[int]]) -> str:
    """`sql` with those attached segments in the place of all_events that `parts` names: each takes 1 ms to plan."""
    every = read_folder(FOLDER)["all_events"]
    return re.sub(rf"\b{every.name}\b", lambda _: f"({_over_segments(every.sql, parts)})", sql)


def _over_segments(sql: str, parts: Mapping[str, Collection[int]]) -> str:
    """`sql` with the segments themselves in the place of all_usage, …: of their columns only those that it names."""
    named = set(re.findall(r"\w+", sql))

    def over(found: re.Match[str]) -> str:
        columns = [column.name for column in BY_NAME[found[1]].columns if column.name in named]
        return f"({union(BY_NAME[found[1]], parts[found[1]], columns)})"

    return REACHING.sub(over, sql)


def macros() -> Iterator[str]:
    """Statements that make every named query a table macro of the same name: `FROM why_linked('acct_1', 'acct_2')`."""
    for query in named_queries().values():
        yield macro(query)
        yield f'COMMENT ON MACRO TABLE "{query.name}" IS {quoted(query.about)}'


def macro(query: Statement) -> str:
    """CREATE MACRO statement of `query`."""
    parameters = ", ".join(_declared(parameter) for parameter in query.parameters)
    body = BOUND.sub(r"\1", query.sql)
    return f'CREATE MACRO "{query.name}"({parameters}) AS TABLE {body}'


def _declared(parameter: Parameter) -> str:
    return parameter.name if parameter.default is None else f"{parameter.name} := {parameter.default}"
