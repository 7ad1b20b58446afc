"""The one family of exceptions that users may see."""


class HydratraceError(Exception):
    """Something went wrong that the person at the keyboard can mend.

    `problem` says what and where; `expected` what was wanted instead; `remedy` what to do next.
    The command line prints one line of the three and exits with `exit_status`.
    """

    exit_status = 1

    def __init__(self, problem: str, *, expected: str = "", remedy: str = "") -> None:
        self.problem, self.expected, self.remedy = problem, expected, remedy
        parts = [problem]
        if expected:
            parts.append(f"expected {expected}")
        if remedy:
            parts.append(remedy)
        super().__init__("; ".join(parts))


class UsageError(HydratraceError):
    """A flag, setting or argument is wrong: nothing was started."""

    exit_status = 2


class LakeError(HydratraceError):
    """The lake is missing, unreadable, from a newer version, or belongs to another key."""


class SourceError(HydratraceError):
    """A source of events cannot be read, or no longer holds what the lake's position points at."""


class UnreachableError(SourceError):
    """The source does not answer now; it may later."""


class HoleError(HydratraceError):
    """A batch starts beyond the lake's position: landing it would skip events silently."""
