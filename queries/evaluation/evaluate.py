"""Makes the worlds, links each in every way, and gathers what came of it."""

import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from pipeline.simulator.world import Plan
from queries.evaluation import variants
from queries.evaluation.daily import daily
from queries.evaluation.figures import Figures
from queries.evaluation.variants import Found
from queries.evaluation.world import World, make_world, plan_of

# Nobody looked at what these make while the detector was built. 1 to 10 and 50 were looked at; figures of 101 to 106
# were published before changes: phrases of shared templates stay, clusters are found in waves. Those of 201 to 203 led
# to one more: free-credit farms that run a coding product are no distillers. Those of 204 to 206 were published before
# conversations that are passed on without a refusal counted, those of 207 to 209 before an open group's denials were
# counted together, those of 210 to 212 before links of one hand held pieces together and verdicts knew what a provider
# does not send, those of 213 to 215 before a card or device in common stopped excusing more than a household, those of
# 216 to 218 before cohorts were tested.
FIRST_HELD_OUT = 219

# Runs of which the ids are followed.
DAILY_RUNS = 30

Tell = Callable[[str], None]


def plans(seeds: list[int], accounts: int, operators: int, days: int) -> list[Plan]:
    """A world for each seed, and one without operators, of the seed after the last."""
    return [
        *(plan_of(seed, accounts, operators, days) for seed in seeds),
        plan_of(max(seeds) + 1, accounts, 0, days),
    ]


def held_out(worlds: list[Plan]) -> bool:
    """Whether nobody had looked at any of `worlds` while the detector was built."""
    return all(plan.seed >= FIRST_HELD_OUT for plan in worlds)


def lasting(plan: Plan) -> Plan:
    """The world of `plan`'s seed that is linked every day: longer and smaller."""
    operators = max(1, plan.operators // 2)
    return plan_of(plan.seed, plan.accounts * operators // plan.operators, operators, DAILY_RUNS)


def evaluate(worlds: list[Plan], tell: Tell) -> Figures:
    """Simulate, land, link and judge each of `worlds`, and a month of the first one's seed, day by day.

    They take a few hundred MB of temporary files, one at a time.
    """
    figures = Figures()
    began = time.monotonic()
    ways = [*((plan, _ways) for plan in worlds), (lasting(worlds[0]), daily)]
    for plan, linked in ways:
        name = f"seed {plan.seed}, {plan.days} days{'' if plan.operators else ', without rings'}"
        tell(f"{time.monotonic() - began:4.0f} s  {name}: simulate, land, link")
        with tempfile.TemporaryDirectory(prefix="hydratrace-evaluate-") as folder:
            world = make_world(plan, Path(folder))
            for found in linked(world):
                figures.add(world, found)
                tell(f"{time.monotonic() - began:4.0f} s  {name}: {found.variant}")
    return figures


def _ways(world: World) -> Iterator[Found]:
    whole = iter([variants.whole(world)])
    if not world.plan.operators:
        return whole
    rivals = chain(variants.baselines(world), variants.splink(world))
    return chain(whole, rivals, variants.early(world), variants.without_families(world))
