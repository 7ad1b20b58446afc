"""From facts to a verdict, in words with figures."""

from dataclasses import dataclass, field

import numpy as np

from graph.links import FAMILIES, SUPPORT
from graph.null import Ints
from graph.signals.signal import CIRCUMSTANTIAL, CONTENT, ONE_HAND, Family
from graph.verdict.chances import ACT_CHANCE, reaches
from graph.verdict.facts import SAID, Facts, Outside
from graph.verdict.sought import is_one_body, is_told, rank, seeks

# Verdicts that cost a customer something.
ADVERSE = ("distillation", "trial_abuse", "resale")
# Two accounts may be one honest person's; from three on somebody runs accounts.
LEAST_ACCOUNTS = 3
# Up to so many accounts behind one card or device may be one household.
HOUSEHOLD = 5
# False discovery rate over the clusters of a run for "is a trial farm".
DISCOVERY_RATE = 0.05
# What the accounts of one household have in common: who shares it does not hide that they belong together.
SHOWN = frozenset({Family.PAYMENT, Family.DEVICE, Family.NETWORK})


@dataclass
class Verdict:
    """The judgement of one cluster."""

    verdict: str
    confidence: float
    reasons: list[str] = field(default_factory=list)
    counter_evidence: list[str] = field(default_factory=list)


def judge(facts: list[Facts], outside: Outside, support: dict[int, Ints]) -> list[Verdict]:
    """One verdict per cluster; `support[c]`: its members' weights by family, shape (members, families)."""
    return [judge_one(f, outside, support[f.c], farm) for f, farm in zip(facts, farming(facts, outside), strict=True)]


def farming(facts: list[Facts], outside: Outside) -> list[bool]:
    """Which clusters are trial farms, looked at together."""
    return discoveries([farms(f, outside) for f in facts])


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


def farms(facts: Facts, outside: Outside) -> float:
    """Chance that as many members of an ordinary group are on free trials and, where payments are known, never paid."""
    trial = reaches(facts.trial, facts.accounts, outside.trial)
    if not outside.payments:
        return trial
    unpaid = reaches(facts.accounts - facts.paid, facts.accounts, outside.unpaid)
    return max(trial, unpaid)


def evasions(facts: Facts, outside: Outside, families: frozenset[Family]) -> list[str]:
    """Ways round a provider's limits, by which an account hides that it is one of several."""
    found = []
    if Family.FAILOVER in families:
        found.append("conversations that are refused or left off go on at once on another account")
    if hops(facts, outside):
        found.append(
            f"{facts.hopping} of {facts.accounts} accounts hop between more networks of their own than nine in ten do"
        )
    return found


def denials(facts: Facts, outside: Outside) -> list[str]:
    """Signs of people who do not exist: accounts that had to be banned, cards that lead to nobody.

    Prepaid cards hide nothing where one payer shows.
    """
    found = []
    if facts.banned and reaches(facts.banned, facts.accounts, outside.banned) < ACT_CHANCE:
        found.append(f"{facts.banned} of {facts.accounts} accounts were banned, and others carry on")
    hidden = facts.prepaid and not shows_payer(facts)
    if hidden and reaches(facts.prepaid, facts.accounts, outside.prepaid) < ACT_CHANCE:
        found.append(f"{facts.prepaid} of {facts.accounts} accounts paid with prepaid cards")
    return found


def conceals(facts: Facts, outside: Outside, families: frozenset[Family], evaded: list[str], denied: list[str]) -> bool:
    """Whether the members hide that they belong together.

    One act is enough where something else shows one hand, two where nothing does. Who says openly that the accounts
    are his may move work among them and work from many places: only denials count then, and it takes both, shown
    by most members: a few who join in the name of an honest group do not speak for it. Of an office the denials count
    no sooner, but moved work does: whoever comes through its networks may only pass for a part of it.
    """
    denying = len(denied) >= 2 and 2 * facts.denying > facts.accounts
    if is_open(facts):
        return denying
    acts = len(evaded) + (0 if is_office(facts, outside) and not denying else len(denied))
    return acts >= (1 if families & ONE_HAND else 2)


def is_open(facts: Facts) -> bool:
    """Whether most members are open about who they are: one organisation, one domain of their own, or a contract."""
    return 2 * max(facts.org, facts.own_domain, facts.attested) > facts.accounts


def shows_payer(facts: Facts) -> bool:
    """Whether most members paid with one card, or under one name and address."""
    return 2 * facts.payer > facts.accounts


def hops(facts: Facts, outside: Outside) -> bool:
    """Whether more members than in ordinary groups come from many networks of their own."""
    return bool(facts.hopping) and reaches(facts.hopping, facts.accounts, outside.hopping) < ACT_CHANCE


def is_office(facts: Facts, outside: Outside) -> bool:
    """Whether the members come as people do who work in one place: through its networks, each with his own device."""
    together = 2 * facts.office > facts.accounts and not hops(facts, outside)
    return together and 2 * facts.devices > facts.accounts and not facts.crowded


def vouched(facts: Facts) -> bool:
    """Whether openness speaks against a trial farm.

    Domains are bought and organisations made up, so not where one device or card is behind most of the members: the
    people of a school or company have their own. A contract vouches for all.
    """
    return 2 * facts.attested > facts.accounts or (is_open(facts) and 2 * facts.crowd <= facts.accounts)


def hides_nothing(facts: Facts, outside: Outside, families: frozenset[Family], denied: list[str]) -> bool:
    """Whether the members may be one household, who are people that exist and do nothing out of the ordinary.

    They have a card, a device or a network in common, so they show whose they are however much work moves among them;
    or nothing but moved conversations ties them, and nothing else says that they hide.
    """
    if facts.accounts > HOUSEHOLD or denied or rank(facts, outside) < ACT_CHANCE:
        return False
    return bool(families & SHOWN) or families <= {Family.FAILOVER}


def judge_one(facts: Facts, outside: Outside, weights: Ints, farm: bool) -> Verdict:
    """The verdict of one cluster; `weights`: its members' by family, `farm`: whether it is a trial farm."""
    families = supported(weights)
    evaded, denied = evasions(facts, outside, families), denials(facts, outside)
    concealed = [*evaded, *denied]
    reasons = [_holds(facts, families), *concealed, _carries(facts, outside)]
    against = [*_against(facts, outside, concealed), *_unknown(facts, outside)]
    kinds = len(families - CONTENT) + bool(families & CONTENT)
    hidden = conceals(facts, outside, families, evaded, denied)
    accusable = facts.accounts >= LEAST_ACCOUNTS and kinds + len(concealed) >= 2 and bool(families - CIRCUMSTANTIAL)
    many = facts.accounts > HOUSEHOLD and families & ONE_HAND
    shown = hides_nothing(facts, outside, families, denied)
    if accusable and hidden and not shown and families & SAID and seeks(facts, outside, denied):
        return Verdict("distillation", backing(weights), reasons, against)
    if accusable and many and farm and not vouched(facts):
        reasons.append(_free(facts, outside))
        return Verdict("trial_abuse", backing(weights), reasons, against)
    # No accusation, so openness weighs less: resellers do business under a name. It is the work of many customers that
    # tells resale from what else one hand may hide.
    sells = (hidden and not shown) or (denied and len(concealed) > 1)
    if accusable and many and sells and facts.requests and not is_one_body(facts):
        return Verdict("resale", backing(weights), reasons, against)
    if is_open(facts):
        openly = max(facts.org, facts.own_domain, facts.attested)
        return Verdict("organisation", round(openly / facts.accounts, 6), reasons, against)
    return Verdict("undetermined", 0.0, reasons, against)


def backing(weights: Ints) -> float:
    """Confidence in a verdict on what the members do: the share of them whom two families support."""
    twice = (weights >= SUPPORT).sum(axis=1) >= 2
    return round(float(twice.sum()) / max(len(weights), 1), 6)


def _holds(facts: Facts, families: frozenset[Family]) -> str:
    named = ", ".join(family.value for family in sorted(families)) or "single links"
    return f"{facts.accounts} accounts are held together by {named}"


def _carries(facts: Facts, outside: Outside) -> str:
    seek = "what they seek is unknown"
    if is_told(facts, outside):
        share = facts.carried_capability / max(facts.carried - facts.untold, 1)
        seek = f"{share:.0%} of them seek abilities"
    return (
        f"{facts.carried} of {facts.requests} requests carry what they share, {seek}, "
        f"{facts.carried_output:.0f} output tokens each: as much as {rank(facts, outside):.2g} of ordinary accounts"
    )


def _free(facts: Facts, outside: Outside) -> str:
    paid = f"{facts.accounts - facts.paid} never paid" if outside.payments else "who pays is unknown"
    return f"{facts.trial} of {facts.accounts} are free trials, {paid}"


def _unknown(facts: Facts, outside: Outside) -> list[str]:
    """What the provider does not send, so that nothing is concluded from its absence."""
    known = {
        "what requests ask for (no task, or in words of its own)": is_told(facts, outside),
        "who pays and how": outside.payments,
        "who is on a free trial": outside.programs,
    }
    missing = [what for what, is_known in known.items() if not is_known]
    return [f"unknown: {'; '.join(missing)}"] if missing else []


def _against(facts: Facts, outside: Outside, concealed: list[str]) -> list[str]:
    found = []
    if is_open(facts):
        openly = max(facts.org, facts.own_domain, facts.attested)
        found.append(f"{openly} of {facts.accounts} are open about who they are: one domain, organisation or contract")
    if is_office(facts, outside):
        found.append(f"{facts.office} of {facts.accounts} come through networks that most use, on devices of their own")
    if shows_payer(facts):
        found.append(f"{facts.payer} of {facts.accounts} show one payer: one card, or one name and address on the bill")
    if facts.attested:
        found.append(f"{facts.attested} of {facts.accounts} are under contract or verified")
    if not concealed:
        found.append("nothing is concealed: no refused conversation moved, bans and prepaid cards as elsewhere")
    return found
