"""What hooks keep in files: URLs, secrets and keys, never shown."""

from pathlib import Path

from pipeline.errors import UsageError
from pipeline.settings import Hook


def lines(hook: Hook, setting: str) -> list[str]:
    """The lines of the file that `setting` of `hook` names, blank ones left out.

    Raises UsageError if it is not named, not readable or empty.
    """
    name: str = getattr(hook, setting)
    if not name:
        raise UsageError(f"hook {hook.name} ({hook.type}) has no {setting}", expected="the name of a file")
    try:
        text = Path(name).expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"hook {hook.name}: cannot read {setting} {name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"hook {hook.name}: {setting} {name} is not UTF-8 text") from None
    found = [line.strip() for line in text.splitlines() if line.strip()]
    if not found:
        raise UsageError(f"hook {hook.name}: {setting} {name} is empty")
    return found


def line(hook: Hook, setting: str) -> str:
    """The one line of the file that `setting` of `hook` names.

    Raises UsageError if there is none, or more than one.
    """
    found = lines(hook, setting)
    if len(found) > 1:
        raise UsageError(f"hook {hook.name}: {setting} {getattr(hook, setting)} has several lines", expected="one")
    return found[0]
