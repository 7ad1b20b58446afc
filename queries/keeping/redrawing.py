"""Days whose keys must be drawn again since events have left them: noted first, so that a kill forgets none."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb
import msgspec

from graph.keys.days import redraw
from pipeline.bursts import update as bursts
from pipeline.contract.ddl import quoted
from pipeline.contract.tables import BY_NAME
from pipeline.lake import Lake
from queries.casefile.atomic import written_whole
from queries.keeping.rows import drop_where


def note(lake: Lake, days: Iterable[date]) -> None:
    """Note `days` beside those that are noted already."""
    with written_whole(_path(lake), 0o644) as unfinished:
        unfinished.write_bytes(msgspec.json.encode(sorted({*_noted(lake), *days})))


def note_signups(lake: Lake, days: Iterable[date]) -> None:
    """Note days that sign-ups leave: their bursts go at once, and the next link weighs them and the days after anew."""
    if leaving := set(days):
        with written_whole(bursts.note(lake), 0o644) as unfinished:
            unfinished.write_bytes(msgspec.json.encode(sorted({*bursts.days_left(lake), *leaving})))
        listed = ", ".join(quoted(str(day)) for day in sorted(leaving))
        drop_where(lake, BY_NAME["signup_bursts"].name, f"event_date IN ({listed})")


def redraw_noted(con: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Draw the keys of the noted days again."""
    days = _noted(lake)
    if days and lake.files(BY_NAME["account_key_days"].name):
        redraw(con, lake, days)
    _path(lake).unlink(missing_ok=True)


def _path(lake: Lake) -> Path:
    return lake.root / "redraw.json"


def _noted(lake: Lake) -> list[date]:
    try:
        return msgspec.json.decode(_path(lake).read_bytes(), type=list[date])
    except FileNotFoundError:
        return []
