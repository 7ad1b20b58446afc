"""What the traffic that carries what a cluster shares is after."""

from math import log

import numpy as np

from graph.null import Floats
from graph.verdict.chances import ACT_CHANCE
from graph.verdict.facts import Facts, Outside

# Evidence must point the way of the charge: what one in ten ordinary accounts asks for is ordinary.
ORDINARY = 0.1
# Among fewer accounts nobody's rank can be told from chance at one in twenty, so none is shown to be ordinary.
LEAST_COMPARED = 20


def is_told(facts: Facts, outside: Outside) -> bool:
    """Whether the provider tells what most of the shared requests ask for, in words that are known here."""
    return outside.tasks and 2 * facts.untold <= facts.carried


def is_one_body(facts: Facts) -> bool:
    """Whether most requests carry something that most members share: one hand's work, not many customers'."""
    return 2 * facts.core > facts.requests


def seeks(facts: Facts, outside: Outside, denied: list[str]) -> bool:
    """Whether most of the traffic that carries what the members share is after a model's abilities.

    Where no task tells, it is if its answers are longer than ordinary, it is one body of content, and its people are
    `denied`: without these it could be any product's. A product may need abilities as well, so where most never
    paid, and free credit may be all that is sought, it must be more than ordinary accounts ask for: the graver charge
    needs a proof of its own.
    """
    if not pays(facts, outside) and rank(facts, outside) >= ACT_CHANCE:
        return False
    ordinary = rank(facts, outside) >= ORDINARY
    if is_told(facts, outside):
        mostly = 2 * facts.carried_capability > facts.carried - facts.untold
        return mostly and not (ordinary and len(outside.output) >= LEAST_COMPARED)
    return is_one_body(facts) and bool(denied) and not ordinary


def pays(facts: Facts, outside: Outside) -> bool:
    """Whether at least half of the members paid; where payments are unknown, whether as many are on no free trial."""
    return 2 * (facts.paid if outside.payments else facts.accounts - facts.trial) >= facts.accounts


def rank(facts: Facts, outside: Outside) -> float:
    """Chance that one ordinary account asks for abilities, at length, as the cluster's shared traffic does (Fisher).

    Of the length alone where no task tells, of the task alone where no length does.
    """
    q = _rank(outside.output, facts.carried_output) if outside.lengths else 1.0
    if not is_told(facts, outside):
        return q
    p = _rank(outside.capability, facts.carried_capability / max(facts.carried - facts.untold, 1))
    return p * q * (1.0 - log(p * q)) if outside.lengths else p


def _rank(values: Floats, value: float) -> float:
    """Share of `values` (sorted) that are at least `value`, the observation itself counted."""
    above = len(values) - int(np.searchsorted(values, value, side="left"))
    return (above + 1) / (len(values) + 1)
