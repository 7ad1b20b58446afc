"""Commands of this floor."""

from pipeline.command import Command

COMMANDS: tuple[Command, ...] = ()
