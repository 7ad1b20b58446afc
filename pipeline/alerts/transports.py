"""The two ways out that most hooks share: a POST, and a line in a file."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from pipeline.alerts.faults import together
from pipeline.alerts.lines import append_line
from pipeline.alerts.post import Target, authorities, post, target
from pipeline.alerts.receiver import Message, Outcome, Receiver
from pipeline.alerts.secret_files import line
from pipeline.alerts.signature import secrets, signed_headers
from pipeline.errors import UsageError
from pipeline.settings import Hook

Render = Callable[[Message], str]


class Posted:
    """A receiver behind a URL. `pause` seconds lie between two posts; `refused` statuses are final for an alert."""

    def __init__(
        self, to: Target, keys: list[bytes], render: Render, *, pause: float = 0.0, refused: tuple[int, ...] = ()
    ) -> None:
        self.target, self.keys, self.render, self.pause, self.refused = to, keys, render, pause, refused
        self._next = 0.0

    def deliver(self, message: Message) -> Outcome:
        """Post the rendered alert, signed if there are keys."""
        time.sleep(max(0.0, self._next - time.monotonic()))
        body = self.render(message).encode()
        headers = signed_headers(self.keys, message.alert_uid, datetime.now(UTC), body) if self.keys else {}
        outcome = post(self.target, body, headers, self.refused)
        self._next = time.monotonic() + self.pause
        return outcome


class Lines:
    """A file that grows by a line an alert."""

    def __init__(self, path: Path, render: Render) -> None:
        self.path, self.render = path, render

    def deliver(self, message: Message) -> Outcome:
        """Append the rendered alert."""
        return append_line(self.path, self.render(message))


def body(message: Message) -> str:
    """The alert as it was queued."""
    return message.body


def target_of(hook: Hook, url: str = "") -> Target:
    """Where the URL in the hook's url_file, or else `url`, leads to; raises UsageError naming all that is wrong."""
    to: Target = together(
        lambda: target(hook, line(hook, "url_file") if hook.url_file or not url else url), lambda: authorities(hook)
    )[0]
    return to


def path_of(hook: Hook) -> Path:
    """The file or folder that `path` of `hook` names; raises UsageError if there is none."""
    if not hook.path:
        raise UsageError(f"hook {hook.name} ({hook.type}) has no path", expected="where to write")
    return Path(hook.path).expanduser().absolute()


def file_of(hook: Hook) -> Path:
    """The file that `path` of `hook` names; raises UsageError if it names none, or a folder."""
    path = path_of(hook)
    if path.is_dir():
        raise UsageError(f"hook {hook.name} ({hook.type}): {path} is a folder", expected="a file to append to")
    return path


def file_or_url(hook: Hook, to_path: Callable[[Hook], Receiver], render: Render) -> Receiver:
    """The receiver of a hook that has either a path or a url_file."""
    if bool(hook.path) == bool(hook.url_file):
        raise UsageError(f"hook {hook.name} ({hook.type}) goes nowhere or two ways", expected="a path or a url_file")
    if hook.path:
        return to_path(hook)
    to, keys = together(lambda: target_of(hook), lambda: secrets(hook) if hook.secret_file else [])
    return Posted(to, keys, render)
