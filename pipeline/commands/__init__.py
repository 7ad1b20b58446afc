"""Commands of this floor."""

from pipeline.command import Command
from pipeline.commands.land import COMMAND as LAND

COMMANDS: tuple[Command, ...] = (LAND,)
