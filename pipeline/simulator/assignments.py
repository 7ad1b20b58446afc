"""What an operator has its accounts ask for: the shared templates, as each account words them, and cover traffic."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from pipeline.simulator import rhythms
from pipeline.simulator.account import Account
from pipeline.simulator.prompts import Template, capability_template, product_template
from pipeline.simulator.tradecraft import Tradecraft
from pipeline.simulator.workloads import Chat, Customers, Reworded, Rewritten, Templates, Workload

# Share of ideas put in other words: by account (light variants), and by prompt (paraphrase).
_LIGHT, _PARAPHRASE = 0.3, 0.75
# Share of distillers that also use a published prompt.
_PUBLISHED = 0.5
# From this share of cover traffic on, it is other people's: access resold to them.
_RESELLS = 0.5
# Requests that free credit pays for.
_CREDIT = (40, 90)


@dataclass(slots=True)
class Member:
    """An account at work: its share of the operator's work, its cover, and requests left before its credit is gone."""

    account: Account
    work: Workload
    cover: Workload
    waking: rhythms.Weekly
    left: int


def templates(craft: Tradecraft, papers: Sequence[Template], rng: Random) -> list[Template]:
    """What the operator wants: a model's abilities, or a product run on other people's money."""
    if craft.label == "distillation":
        own = [capability_template(rng) for _ in range(rng.randint(3, 6))]
        return [*own, rng.choice(papers)] if rng.random() < _PUBLISHED else own
    return [product_template(rng) for _ in range(rng.randint(1, 2))]


def member(craft: Tradecraft, wanted: list[Template], account: Account, rng: Random) -> Member:
    """Put an account to work."""
    cover: Workload = Chat() if rng.random() < 0.7 else Templates([product_template(rng)])
    if craft.cover >= _RESELLS:
        cover = Customers(rng)
    waking = rhythms.person(rng, account.person.country.hours)
    left = 10**9 if craft.accounts_per_card else rng.randint(*_CREDIT)
    return Member(account, _work(craft, wanted, rng), cover, waking, left)


def _work(craft: Tradecraft, wanted: list[Template], rng: Random) -> Workload:
    if craft.wording == "customers":
        return Customers(rng)
    if craft.wording == "rewritten":
        return Rewritten([template.task for template in wanted])
    if craft.wording == "per_prompt":
        return Reworded(wanted, _PARAPHRASE)
    if craft.wording == "per_account":
        return Templates([template.reworded(rng, _LIGHT) for template in wanted])
    return Templates(wanted)
