"""When each step is due, from what the lake shows: whoever did it last, and whatever was restarted since."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from pipeline.contract.tables import Run
from pipeline.settings import Settings
from queries.service.figures import Figures

RETAIN_EVERY = timedelta(days=1)
# Without rules `retain` merely deletes what left tables: no hurry, but a service that is restarted often needs it too.
TIDY_AFTER = timedelta(hours=2)
# An alert about a touch names a query that shows it: the case file has what was matched so long ago at most.
SHOW_WITHIN = timedelta(minutes=1)


@dataclass
class Due:
    """Says what is due and remembers what was done; `began` is when the service started (our clock)."""

    settings: Settings
    began: datetime
    _counted: tuple[str, int] = ("", 0)  # newest run, and the events that were there when it began
    _linking: int | None = None
    _linked: datetime | None = None
    _published: tuple[str, int] | None = None
    _shown: tuple[int, datetime] | None = None  # matches in the case file, and when they were put there
    _retained: datetime | None = None
    _doing: tuple[Figures, datetime] | None = field(default=None, repr=False)

    def steps(self, seen: Figures, caught_up: bool, now: datetime) -> Iterator[str]:
        """What is due, the most pressing first; `caught_up`: landing has nothing left to do."""
        if seen.run and self._counted[0] != seen.run.run_id:
            self._counted = (seen.run.run_id, seen.events if self._linking is None else self._linking)
            self._linking = None
        if seen.run and (self._published != (seen.run.run_id, seen.rows("decisions")) or self._unshown(seen, now)):
            yield "publish"
        if self._link_is_due(seen, caught_up, now):
            yield "link"
        if now >= (self._retained + RETAIN_EVERY if self._retained else self._first_retention):
            yield "retain"

    def started(self, step: str, seen: Figures, now: datetime) -> None:
        """Note what a step that starts now will have seen."""
        self._doing = (seen, now)
        if step == "link":
            self._linking, self._linked = seen.events, now

    def done(self, step: str) -> None:
        """Note that the step that was started last went well."""
        assert self._doing
        seen, at = self._doing
        if step == "publish" and seen.run:
            self._published = (seen.run.run_id, seen.rows("decisions"))
            self._shown = (seen.rows("matches"), at)
        elif step == "retain":
            self._retained = at

    @property
    def _first_retention(self) -> datetime:
        return self.began if self.settings.retention else self.began + TIDY_AFTER

    def _unshown(self, seen: Figures, now: datetime) -> bool:
        """Whether there are matches that the case file has not had for some time."""
        return self._shown is not None and seen.rows("matches") > self._shown[0] and now - self._shown[1] >= SHOW_WITHIN

    def _link_is_due(self, seen: Figures, caught_up: bool, now: datetime) -> bool:
        if not seen.events or (seen.run and _positions(seen.run) == seen.positions):
            return False
        if not seen.run and caught_up:
            return True  # nothing was linked yet: the first answer comes as soon as all is there
        since, counted = self.began, 0
        if seen.run:
            counted = self._counted[1]
            # A run of the future was made before the clock was set back: it must not hold up the next one.
            since = seen.run.started_at if seen.run.started_at <= now else self._linked or self.began
        late = now - since >= timedelta(minutes=self.settings.link_minutes)
        return late or seen.events - counted >= self.settings.link_events


def _positions(run: Run) -> dict[str, int]:
    return msgspec.json.decode(run.positions, type=dict[str, int])
