"""Commands of this floor."""

from pipeline.command import Command
from queries.commands import publish, query, sql, status

COMMANDS: tuple[Command, ...] = (publish.COMMAND, query.COMMAND, sql.COMMAND, status.COMMAND)
