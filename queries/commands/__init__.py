"""Commands of this floor."""

from pipeline.command import Command
from queries.commands import demo, publish, query, sql, status

COMMANDS: tuple[Command, ...] = (demo.COMMAND, publish.COMMAND, query.COMMAND, sql.COMMAND, status.COMMAND)
