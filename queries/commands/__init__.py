"""Commands of this floor."""

from pipeline.command import Command
from queries.commands import case, decide, demo, publish, query, run, search, sql, status, verify

COMMANDS: tuple[Command, ...] = (
    case.COMMAND,
    decide.COMMAND,
    demo.COMMAND,
    publish.COMMAND,
    query.COMMAND,
    run.COMMAND,
    search.COMMAND,
    sql.COMMAND,
    status.COMMAND,
    verify.COMMAND,
)
