"""Commands of this floor."""

from pipeline.command import Command
from queries.commands import (
    case,
    decide,
    demo,
    erase,
    evaluate,
    publish,
    query,
    retain,
    run,
    search,
    sql,
    status,
    verify,
)

COMMANDS: tuple[Command, ...] = (
    case.COMMAND,
    decide.COMMAND,
    demo.COMMAND,
    erase.COMMAND,
    evaluate.COMMAND,
    publish.COMMAND,
    query.COMMAND,
    retain.COMMAND,
    run.COMMAND,
    search.COMMAND,
    sql.COMMAND,
    status.COMMAND,
    verify.COMMAND,
)
