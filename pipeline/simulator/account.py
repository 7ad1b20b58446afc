"""An account, and the events it makes."""

from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from pipeline.contract.events import Action, Payment, Signup, Usage
from pipeline.simulator.addresses import Network
from pipeline.simulator.clock import instant
from pipeline.simulator.identities import Card, Client, Person
from pipeline.simulator.prompts import Prompt


class SignupRecord(Signup, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A sign-up as sent: absent fields are left out."""


class PaymentRecord(Payment, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A payment as sent."""


class UsageRecord(Usage, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A request as sent."""


class ActionRecord(Action, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """An action as sent."""


Record = SignupRecord | PaymentRecord | UsageRecord | ActionRecord
Timed = tuple[int, Record]
Outcome = Literal["succeeded", "declined", "disputed", "refunded"]
Deed = Literal["banned", "suspended", "reinstated", "key_created", "key_revoked", "verified", "limit_raised", "label"]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Token counts of requests: 21 quantiles (0, 5, … 100 %)."""

    input_tokens: tuple[int, ...]
    output_tokens: tuple[int, ...]

    def draw(self, rng: Random) -> tuple[int, int]:
        """Input and output tokens of one request; long inputs go with long outputs a little."""
        level = rng.random()
        other = level if rng.random() < 0.3 else rng.random()
        return _quantile(self.input_tokens, level), max(1, _quantile(self.output_tokens, other))


@dataclass(slots=True)
class Account:
    """An account with everything that its events show, and its truth (label, operator, kind, group)."""

    account_id: str
    kind: str
    person: Person
    opened: int
    browser: Client
    client: Client
    network: Network
    sizes: Sizes
    model: str
    device_id: str | None = None
    card: Card | None = None
    program: str = "pay_as_you_go"
    org_id: str | None = None
    max_tokens: int = 1024
    temperature: float | None = None
    endpoint: str = "/v1/messages"
    label: str = "honest"
    operator: str = ""
    group: str = ""
    sends_raw: bool = False
    closed: int | None = None
    keys: list[str] = field(default_factory=list)

    def signup(self, rng: Random, network: Network | None = None) -> Timed:
        """The account is opened."""
        record = SignupRecord(
            **self._common(rng, self.opened),
            email=self.person.email,
            ip=(network or self.network).address(rng, self.opened),
            user_agent=self.browser.user_agent,
            ja4=self.browser.ja4,
            device_id=self.device_id,
            org_id=self.org_id,
            program=self.program,
            country=self.person.country.code,
        )
        return self.opened, record

    def payment(self, rng: Random, time: int, outcome: Outcome = "succeeded", card: Card | None = None) -> Timed:
        """A payment is tried with the account's card, or another."""
        used = card or self.card
        record = PaymentRecord(
            **self._common(rng, time),
            payment_method="card" if used else "invoice",
            outcome=outcome,
            card_fingerprint=used.fingerprint if used else None,
            card_funding=used.funding if used else None,
            card_country=used.country if used else None,
            amount_minor=rng.choice((500, 1000, 2000, 2000, 5000, 10000)) * (1 if used else 100),
            currency=self.person.country.currency,
            billing_country=used.country if used else self.person.country.code,
            billing_postcode=self.person.postcode,
            billing_name=self.person.full_name,
        )
        return time, record

    def action(self, rng: Random, time: int, action: Deed, reason: str | None = None, actor: str = "system") -> Timed:
        """The provider does something to the account."""
        return time, ActionRecord(**self._common(rng, time), action=action, reason=reason, actor=actor)

    def reviewed(self, rng: Random, time: int, verdict: str) -> Timed:
        """A reviewer looked at the account and says what it is."""
        return time, ActionRecord(**self._common(rng, time), action="label", actor="reviewer", verdict=verdict)

    def usage(self, rng: Random, time: int, prompt: Prompt, status: int = 200) -> Timed:
        """A request is answered, or refused with this status."""
        answered = status == 200
        input_tokens, output_tokens = self.sizes.draw(rng)
        stop = _stop_reason(rng, prompt, output_tokens >= self.max_tokens) if answered else None
        record = UsageRecord(
            **self._common(rng, time),
            api_key_id=self.keys[0],
            ip=self.network.address(rng, time),
            user_agent=self.client.user_agent,
            ja4=self.client.ja4,
            model=self.model,
            endpoint=self.endpoint,
            status=status,
            input_tokens=input_tokens if answered else None,
            output_tokens=min(output_tokens, self.max_tokens) if answered else None,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            stop_reason=stop,
            task=prompt.task if rng.random() > _MISJUDGED else rng.choice(TASKS),
            **self._prompt_fields(prompt),
        )
        return time, record

    def _prompt_fields(self, prompt: Prompt) -> dict[str, Any]:
        if self.sends_raw:
            return {"prompt": prompt.raw(as_parts=self.account_id[-1] in "02468ace")}
        made = prompt.fingerprint()
        return {
            "system_hash": made.system_hash,
            "prompt_template_hash": prompt.template_hash,
            "prompt_minhash": made.prompt_minhash,
            "conversation_prefix_hash": made.conversation_prefix_hash,
        }

    def _common(self, rng: Random, time: int) -> dict[str, Any]:
        return {
            "event_id": f"ev-{rng.getrandbits(64):016x}",
            "event_time": instant(time),
            "account_id": self.account_id,
        }


TASKS = ("chat", "writing", "coding", "math", "reasoning", "agentic", "extraction", "translation", "summarisation")
# Share of requests whose task the provider's classifier gets wrong.
_MISJUDGED = 0.08


def _quantile(quantiles: tuple[int, ...], level: float) -> int:
    position = level * (len(quantiles) - 1)
    low = int(position)
    return int(quantiles[low] + (position - low) * (quantiles[low + 1] - quantiles[low]))


def _stop_reason(rng: Random, prompt: Prompt, cut: bool) -> str:
    if cut:
        return "max_tokens"
    draw = rng.random()
    if draw < 0.006:
        return "refusal"
    return "tool_use" if prompt.task == "agentic" and draw < 0.6 else "end_turn"
