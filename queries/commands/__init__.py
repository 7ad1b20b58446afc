"""Commands of this floor."""

from pipeline.command import Command
from queries.commands import decide, demo, publish, query, search, sql, status

COMMANDS: tuple[Command, ...] = (
    decide.COMMAND,
    demo.COMMAND,
    publish.COMMAND,
    query.COMMAND,
    search.COMMAND,
    sql.COMMAND,
    status.COMMAND,
)
