"""Commands of this floor."""

from pipeline.command import Command
from pipeline.commands.alert import COMMAND as ALERT
from pipeline.commands.bursts import COMMAND as BURSTS
from pipeline.commands.land import COMMAND as LAND
from pipeline.commands.simulate import COMMAND as SIMULATE

COMMANDS: tuple[Command, ...] = (
    SIMULATE,
    LAND,
    BURSTS,
    ALERT,
)
