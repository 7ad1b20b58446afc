"""A world linked once a day, each run going on from the one before: how long ids last, and when operators are found."""

from collections.abc import Iterator

import duckdb
import msgspec

from graph.keys.days import update_days
from graph.link import Stages, compute
from graph.runfiles import make_visible, write_files
from queries.evaluation.variants import Found, found_in, unheard
from queries.evaluation.world import World


def daily(world: World) -> Iterator[Found]:
    """What each day's run finds; the runs stay in the world's lake."""
    previous = None
    for day in range(1, world.plan.days + 1):
        at = world.after(day)
        run = msgspec.structs.replace(
            world.run, run_id=f"day-{day:02}", started_at=at, as_of=at, previous_run_id=previous, files="{}"
        )
        with duckdb.connect() as con:
            _, days = update_days(con, world.lake)
            until = f"SELECT * FROM ({days}) WHERE event_date < DATE '{at.date()}'"
            tables = compute(con, world.lake, run, until, Stages(unheard))
        make_visible(world.lake, msgspec.structs.replace(run, files=write_files(world.lake, run.run_id, tables)))
        previous = run.run_id
        yield Found(f"day {day}", day, found_in(tables))
