"""Commands of this floor."""

from graph.commands import link
from pipeline.command import Command

COMMANDS: tuple[Command, ...] = (link.COMMAND,)
