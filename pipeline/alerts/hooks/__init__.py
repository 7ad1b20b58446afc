"""The hooks: one file for each kind of receiver."""

from collections import Counter
from collections.abc import Callable

from pipeline.alerts.hooks import jsonl, kafka, ocsf, pagerduty, slack, stix, webhook
from pipeline.alerts.receiver import Receiver
from pipeline.errors import UsageError
from pipeline.settings import Hook, Settings

BUILDERS: dict[str, Callable[[Hook, Settings], Receiver]] = {
    "jsonl": jsonl.build,
    "webhook": webhook.build,
    "slack": slack.build,
    "pagerduty": pagerduty.build,
    "ocsf": ocsf.build,
    "stix": stix.build,
    "kafka": kafka.build,
}


def build_receivers(settings: Settings) -> dict[str, Receiver]:
    """Receiver of each hook in the settings, by name.

    Raises UsageError naming everything that is wrong with any of them.
    """
    problems = [f"two hooks are named {name}" for name, n in Counter(h.name for h in settings.hooks).items() if n > 1]
    made: dict[str, Receiver] = {}
    for hook in settings.hooks:
        try:
            made[hook.name] = BUILDERS[hook.type](hook, settings)
        except UsageError as error:
            problems.append(str(error))
    if problems:
        raise UsageError("wrong hook settings: " + "; ".join(problems))
    return made
