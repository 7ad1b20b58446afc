"""A simulated provider, landed and linked, to be judged."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from graph.link import link
from pipeline.contract.tables import Run
from pipeline.lake import Lake
from pipeline.landing.land import Wishes, land
from pipeline.settings import Settings
from pipeline.simulator import jsonl
from pipeline.simulator.clock import microseconds
from pipeline.simulator.schedule import simulate
from pipeline.simulator.truth import Truth
from pipeline.simulator.world import Plan
from pipeline.sources.directory import Directory

# Any Monday; the same for every world.
START = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """A linked world: its lake, the run over all of it, and the file that says who is who."""

    plan: Plan
    lake: Lake
    run: Run
    truth: Path

    def after(self, days: int) -> datetime:
        """The instant when so many days of requests have passed."""
        return START + timedelta(days=days)


def plan_of(seed: int, accounts: int, operators: int, days: int) -> Plan:
    """The plan of the world that `hydratrace simulate` makes of the same figures."""
    return Plan(accounts, operators, days, seed, microseconds(START))


def make_world(plan: Plan, folder: Path) -> World:
    """Simulate, land and link a world in the empty `folder`."""
    settings = Settings(lake=str(folder / "lake"), key_file=str(folder / "key"), files=str(folder / "events"))
    truth = Truth()
    jsonl.write(simulate(plan, truth), Path(settings.files), settings.topic_names())
    truth.write(folder / "truth.csv")
    topics = settings.topic_names()
    source = Directory(Path(settings.files), topics, settings.poll_records, settings.commit_bytes // 2)
    land(source, settings, threading.Event(), Wishes())
    lake = Lake.open(Path(settings.lake))
    return World(plan, lake, link(lake, None, lambda line: None), folder / "truth.csv")
