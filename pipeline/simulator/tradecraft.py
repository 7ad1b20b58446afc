"""How operators hide: the levels of evasion of data/tradecraft.toml."""

from functools import cache
from typing import Annotated, Literal

import msgspec

from pipeline.simulator.texts import data


class Tradecraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator spends on not being seen, and what it still shares."""

    kind: str
    label: Literal["distillation", "resale", "trial_abuse"]
    accounts_per_card: Annotated[int, msgspec.Meta(description="0: free credit only, nobody pays.", ge=0)]
    prepaid: Annotated[float, msgspec.Meta(description="Share of cards that are prepaid.")]
    accounts_per_device: Annotated[int, msgspec.Meta(ge=1)]
    mail: Literal["tagged", "own_domain", "disposable", "free", "strangers"]
    exits: Annotated[
        Literal["servers", "vendor", "sticky", "rotating"],
        msgspec.Meta(description="Own servers; a vendor's proxies for hours or for days each; fresh for each request."),
    ]
    accounts_per_exit: Annotated[int, msgspec.Meta(ge=1)]
    opened: Annotated[
        Literal["burst", "drip", "aged"], msgspec.Meta(description="aged: bought from people who opened them long ago.")
    ]
    wording: Annotated[
        Literal["fixed", "per_account", "per_prompt", "rewritten", "customers"],
        msgspec.Meta(description="How often prompts are put in other words; customers: resold to people who chat."),
    ]
    cover: Annotated[float, msgspec.Meta(description="Share of traffic that only looks honest.")]
    failover: Annotated[float, msgspec.Meta(description="Share of limited requests sent again by another account.")]
    resumes: Annotated[float, msgspec.Meta(description="Share of requests that go on with the last dialogue.")]
    per_day: Annotated[float, msgspec.Meta(description="Requests of an account a day.")]
    ban_days: Annotated[float, msgspec.Meta(description="Mean time until an account is banned.")]
    reserve: Annotated[float, msgspec.Meta(description="Share of accounts kept back as successors.")]
    clients: Annotated[int, msgspec.Meta(description="API clients in use.")]


@cache
def levels() -> tuple[Tradecraft, ...]:
    """All levels, in the file's order."""
    return tuple(msgspec.convert({"kind": kind, **row}, Tradecraft) for kind, row in data("tradecraft").items())
