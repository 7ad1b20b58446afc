"""From facts to a verdict, in words with figures."""

from dataclasses import dataclass, field
from math import exp, log

import numpy as np
from scipy.stats import binom

from graph.links import FAMILIES
from graph.null import MICRO, Floats, Ints
from graph.signals.signal import CIRCUMSTANTIAL, Family
from graph.verdict.facts import Facts, Outside

# Two accounts may be one honest person's; from three on somebody runs accounts.
LEAST_ACCOUNTS = 3
# False discovery rate over the clusters of a run for "seeks abilities" and "is a trial farm".
DISCOVERY_RATE = 0.05
# Chance of an act of concealment (bans, prepaid cards) in a group of ordinary accounts below which it counts.
ACT_CHANCE = 0.01
# A member is supported by a family when a stranger would agree as much less than once in twenty times.
SUPPORT = int(log(20) * MICRO)

# Evidence of one hand: possession of the same thing, or one conversation going on elsewhere at once.
ONE_HAND = frozenset({Family.PAYMENT, Family.DEVICE, Family.FAILOVER})


@dataclass
class Verdict:
    """The judgement of one cluster."""

    verdict: str
    confidence: float
    reasons: list[str] = field(default_factory=list)
    counter_evidence: list[str] = field(default_factory=list)


def judge(facts: list[Facts], outside: Outside, support: dict[int, Ints]) -> list[Verdict]:
    """One verdict per cluster; `support[c]`: its members' weights by family, shape (members, families)."""
    seeking = discoveries([seeks(f, outside) for f in facts])
    farming = discoveries([farms(f, outside) for f in facts])
    return [_judge(f, outside, supported(support[f.c]), s, t) for f, s, t in zip(facts, seeking, farming, strict=True)]


def supported(weights: Ints) -> frozenset[Family]:
    """Families that support at least half of the members."""
    half = (weights >= SUPPORT).sum(axis=0) * 2 >= max(len(weights), 1)
    return frozenset(Family(FAMILIES[i]) for i in np.flatnonzero(half))


def discoveries(chances: list[float]) -> list[bool]:
    """Which chances are discoveries at DISCOVERY_RATE (Benjamini and Hochberg 1995)."""
    order = np.argsort(chances, kind="stable")
    ranked = np.asarray(chances)[order]
    below = np.flatnonzero(ranked <= DISCOVERY_RATE * np.arange(1, len(ranked) + 1) / max(len(ranked), 1))
    found = set(order[: below[-1] + 1].tolist()) if len(below) else set()
    return [i in found for i in range(len(chances))]


def seeks(facts: Facts, outside: Outside) -> float:
    """Chance that one ordinary account asks for abilities, at length, as the cluster's shared traffic does (Fisher)."""
    if facts.carried == 0:
        return 1.0
    p = _rank(outside.capability, facts.carried_capability / facts.carried)
    q = _rank(outside.output, facts.carried_output)
    return p * q * (1.0 - log(p * q))


def farms(facts: Facts, outside: Outside) -> float:
    """Chance that as many members of an ordinary group are on free trials and never paid."""
    trial = float(binom.sf(facts.trial - 1, facts.accounts, outside.trial))
    unpaid = float(binom.sf(facts.accounts - facts.paid - 1, facts.accounts, outside.unpaid))
    return max(trial, unpaid)


def acts(facts: Facts, outside: Outside, families: frozenset[Family]) -> list[str]:
    """Acts of concealment: what someone does who denies that the accounts are his."""
    found = []
    if Family.FAILOVER in families:
        found.append("refused conversations go on at once on another account")
    if facts.banned and binom.sf(facts.banned - 1, facts.accounts, outside.banned) < ACT_CHANCE:
        found.append(f"{facts.banned} of {facts.accounts} accounts were banned, and others carry on")
    if facts.prepaid and binom.sf(facts.prepaid - 1, facts.accounts, outside.prepaid) < ACT_CHANCE:
        found.append(f"{facts.prepaid} of {facts.accounts} accounts paid with prepaid cards")
    if families & {Family.PAYMENT, Family.DEVICE} and not is_open(facts):
        found.append("the same cards or devices under people who claim nothing in common")
    return found


def is_open(facts: Facts) -> bool:
    """Whether most members say openly that they belong together: one organisation or one mail domain of their own."""
    return 2 * max(facts.org, facts.own_domain) > facts.accounts


def _judge(facts: Facts, outside: Outside, families: frozenset[Family], seeking: bool, farming: bool) -> Verdict:
    concealed = acts(facts, outside, families)
    kinds = [family.value for family in sorted(families)]
    reasons = [f"{facts.accounts} accounts are held together by {', '.join(kinds) or 'single links'}", *concealed]
    against = (
        [f"{max(facts.org, facts.own_domain)} of {facts.accounts} share a domain or organisation"]
        if is_open(facts)
        else []
    )
    share = facts.carried_capability / facts.carried if facts.carried else 0.0
    reasons.append(
        f"{facts.carried} of {facts.requests} requests carry what they share, {share:.0%} of them seek abilities, "
        f"{facts.carried_output:.0f} output tokens each"
    )
    accusable = (
        facts.accounts >= LEAST_ACCOUNTS
        and len(families) >= 2
        and bool(families - CIRCUMSTANTIAL)
        and bool(concealed)
        and not is_open(facts)
    )
    if accusable and seeking and Family.CONTENT in families:
        return Verdict("distillation", _confidence(seeks(facts, outside)), reasons, against)
    if accusable and farming and families & ONE_HAND:
        reasons.append(f"{facts.trial} of {facts.accounts} are free trials, {facts.accounts - facts.paid} never paid")
        return Verdict("trial_abuse", _confidence(farms(facts, outside)), reasons, against)
    if is_open(facts) or facts.attested * 2 > facts.accounts:
        return Verdict("organisation", 0.9, reasons, against)
    if facts.accounts >= LEAST_ACCOUNTS and families & ONE_HAND and facts.paid * 2 > facts.accounts:
        return Verdict("resale", 0.5, reasons, against)
    return Verdict("undetermined", 0.5, reasons, against)


def _confidence(chance: float) -> float:
    return round(1.0 - max(chance, exp(-20)), 6)


def _rank(values: Floats, value: float) -> float:
    """Share of `values` (sorted) that are at least `value`, the observation itself counted."""
    above = len(values) - int(np.searchsorted(values, value, side="left"))
    return (above + 1) / (len(values) + 1)
