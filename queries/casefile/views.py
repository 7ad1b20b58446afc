"""Views and macros of the case file: what makes it useful in any DuckDB shell."""

import re
from pathlib import Path

import duckdb

from pipeline.contract.ddl import quoted
from pipeline.contract.tables import EVENT_TABLES
from queries.catalogue import named_queries
from queries.statement import Parameter, Statement, read_folder

FOLDER = Path(__file__).parent / "views"
BOUND = re.compile(r"\$(\w+)")
REACH = (
    "Events in reach: of clustered and linked accounts in a plain DuckDB shell, of all accounts in `hydratrace sql`."
)


def create_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the views, with their comments, in the connection's own database.

    all_usage and its like hold what the case file itself has; `shadow_views` puts every event in their place.
    """
    for table in EVENT_TABLES:
        connection.execute(f'CREATE VIEW "all_{table.name}" AS FROM "{table.name}"')
        connection.execute(f'COMMENT ON VIEW "all_{table.name}" IS {quoted(REACH)}')
        for column in table.columns:
            connection.execute(f'COMMENT ON COLUMN "all_{table.name}"."{column.name}" IS {quoted(column.description)}')
    for view in read_folder(FOLDER).values():
        connection.execute(f'CREATE VIEW "{view.name}" AS {view.sql}')
        connection.execute(f'COMMENT ON VIEW "{view.name}" IS {quoted(view.about)}')
        for shown in view.columns:
            connection.execute(f'COMMENT ON COLUMN "{view.name}"."{shown.name}" IS {quoted(shown.about)}')


def shadow_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the same views as temporary ones, over the temporary all_signup, … that hold every event."""
    for view in read_folder(FOLDER).values():
        connection.execute(f'CREATE TEMP VIEW "{view.name}" AS {view.sql}')


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Make every named query a table macro of the same name: `FROM why_linked('acct_1', 'acct_2')`."""
    for query in named_queries().values():
        connection.execute(macro(query))
        connection.execute(f'COMMENT ON MACRO TABLE "{query.name}" IS {quoted(query.about)}')


def macro(query: Statement) -> str:
    """CREATE MACRO statement of `query`."""
    parameters = ", ".join(_declared(parameter) for parameter in query.parameters)
    body = BOUND.sub(r"\1", query.sql)
    return f'CREATE MACRO "{query.name}"({parameters}) AS TABLE {body}'


def _declared(parameter: Parameter) -> str:
    return parameter.name if parameter.default is None else f"{parameter.name} := {parameter.default}"
