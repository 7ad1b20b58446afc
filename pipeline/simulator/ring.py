"""An operator at work: a job queue spread over its accounts, failover, bans and successors, pivots, cover traffic."""

import heapq
from collections.abc import Callable, Iterator
from itertools import count
from random import Random

from pipeline.simulator import rhythms
from pipeline.simulator.account import Account, Timed
from pipeline.simulator.clock import DAY, HOUR, MINUTE, SECOND
from pipeline.simulator.crew import Crew
from pipeline.simulator.life import status
from pipeline.simulator.prompts import Prompt, Template, capability_template, product_template
from pipeline.simulator.texts import sentence
from pipeline.simulator.tradecraft import Tradecraft
from pipeline.simulator.workloads import Chat, Customers, Reworded, Rewritten, Templates, Workload
from pipeline.simulator.world import NEW_MODEL, World

# Share of requests that meet a rate limit: operators drive accounts to their limits, others hardly do.
_LIMITED = 0.03
# Share of an operator's accounts that are held back as successors of banned ones.
_RESERVE = 0.15
# Ideas put in other words: by account (light variants), and by prompt (paraphrase).
_LIGHT, _PARAPHRASE = 0.3, 0.75
# A dialogue that accounts take over from each other ends after this many turns.
_LONGEST_DIALOGUE = 7

Step = Callable[[int], Iterator[Timed]]


class Ring:
    """One operator. `life` gives all its events in time order."""

    def __init__(self, world: World, craft: Tradecraft, number: int, size: int) -> None:
        self._world, self._craft, self._size = world, craft, size
        self._rng = world.stream("operator", number)
        self._crew = Crew(world, craft, f"op_{number:03d}", number, self._rng)
        self._agenda: list[tuple[int, int, Step]] = []
        self._order = count()
        self._works: dict[str, Workload] = {}
        self._cover: dict[str, Workload] = {}
        self._open: Prompt | None = None
        self._alive: list[Account] = []
        self._pivot = world.release + int(self._rng.uniform(0.1, 1.5) * DAY)
        self._templates = self._make_templates()
        self._queue = rhythms.Queue() if craft.wording != "customers" else rhythms.person(self._rng, 0)
        for _ in range(max(1, round(size * (1 - _RESERVE)))):
            self._enlist(self._crew.recruit())

    def life(self) -> Iterator[Timed]:
        """All events of all accounts, in time order."""
        for day in range(self._world.plan.days):
            self._at(self._world.start + day * DAY, self._plan_day(day))
        while self._agenda:
            time, _, step = heapq.heappop(self._agenda)
            if time >= self._world.end:
                return
            yield from step(time)

    def _at(self, time: int, step: Step) -> None:
        heapq.heappush(self._agenda, (time, next(self._order), step))

    def _enlist(self, account: Account) -> None:
        rng = self._rng
        self._at(account.opened, lambda time: iter((account.signup(rng),)))
        created = account.opened + int(rng.uniform(1, 6) * MINUTE)
        self._at(created, lambda time: iter((account.action(rng, time, "key_created", actor="user"),)))
        if self._craft.accounts_per_card:
            self._at(created + MINUTE, lambda time: self._pay(account, time))
        ready = max(account.opened + int(rng.uniform(1, 30) * HOUR), self._world.start)
        self._at(ready, lambda time: self._begin(account))
        self._at(ready + int(rng.expovariate(1 / self._craft.ban_days) * DAY), lambda time: self._ban(account, time))

    def _begin(self, account: Account) -> Iterator[Timed]:
        self._alive.append(account)
        self._works[account.account_id] = self._workload()
        self._cover[account.account_id] = (
            Chat() if self._rng.random() < 0.7 else Templates([product_template(self._rng)])
        )
        return iter(())

    def _pay(self, account: Account, time: int) -> Iterator[Timed]:
        if account.program == "education":
            return
        if self._rng.random() < 0.15:
            # A stolen card is tried first. It links nobody: the payment is declined.
            victims = [other.card for other in self._world.accounts[:200] if other.card and other.label == "honest"]
            if victims:
                yield account.payment(self._rng, time, "declined", self._rng.choice(victims))
        yield account.payment(self._rng, time + 20 * SECOND)
        if self._rng.random() < 0.03:
            self._at(time + 9 * DAY, lambda then: iter((account.payment(self._rng, then, "disputed"),)))

    def _ban(self, account: Account, time: int) -> Iterator[Timed]:
        account.closed = time
        yield account.action(self._rng, time, "banned", self._rng.choice(("policy", "abuse", "payment_risk")))
        if self._crew.made < self._size:
            opened = time + int(self._rng.uniform(0.5, 30) * HOUR)
            self._enlist(self._crew.recruit(opened))

    def _plan_day(self, day: int) -> Step:
        def plan(midnight: int) -> Iterator[Timed]:
            mean = self._craft.per_day * self._world.plan.rate * len(self._alive) * self._rng.uniform(0.85, 1.15)
            if mean:
                for offset in self._queue.arrivals(self._rng, day, mean * (1 - self._craft.cover)):
                    self._at(midnight + offset, self._job)
            for account in self._alive:
                self._plan_cover(account, day, midnight)
            return iter(())

        return plan

    def _plan_cover(self, account: Account, day: int, midnight: int) -> None:
        if not self._craft.cover:
            return
        mean = self._craft.per_day * self._world.plan.rate * self._craft.cover
        rhythm = rhythms.person(self._rng, account.person.country.hours)
        for offset in rhythm.arrivals(self._rng, day, mean):
            self._at(midnight + offset, lambda time: self._disguise(account, time))

    def _disguise(self, account: Account, time: int) -> Iterator[Timed]:
        if account.closed is None:
            yield account.usage(
                self._rng, time, self._cover[account.account_id].ask(self._rng, False), status(self._rng)
            )

    def _job(self, time: int) -> Iterator[Timed]:
        if not self._alive:
            return
        account = self._rng.choice(self._alive)
        if self._open and self._rng.random() < self._craft.resumes:
            prompt = self._open.continued(sentence(self._rng, "reply"), sentence(self._rng, "reasoning"))
        else:
            prompt = self._works[account.account_id].ask(self._rng, False)
        self._open = prompt if len(prompt.turns) < _LONGEST_DIALOGUE else None
        yield from self._send(account, prompt, time, tries=3)

    def _send(self, account: Account, prompt: Prompt, time: int, tries: int) -> Iterator[Timed]:
        if time >= self._pivot and self._craft.label == "distillation":
            account.model = NEW_MODEL
        code = 403 if account.closed is not None else 429 if self._rng.random() < _LIMITED else status(self._rng)
        yield account.usage(self._rng, time, prompt, code)
        if code == 403:
            self._alive = [other for other in self._alive if other is not account]
        if code in (403, 429) and tries > 1 and self._alive and self._rng.random() < self._craft.failover:
            other = self._rng.choice(self._alive)
            later = time + int(self._rng.uniform(0.5, 6) * SECOND)
            self._at(later, lambda then: self._send(other, prompt, then, tries - 1))

    def _make_templates(self) -> list[Template]:
        rng = self._rng
        if self._craft.label == "distillation":
            return [capability_template(rng) for _ in range(rng.randint(3, 6))]
        return [product_template(rng) for _ in range(rng.randint(1, 2))]

    def _workload(self) -> Workload:
        return workload_of(self._craft, self._templates, self._rng)


def workload_of(craft: Tradecraft, templates: list[Template], rng: Random) -> Workload:
    """What one account of the operator sends for it."""
    if craft.wording == "customers":
        return Customers(rng)
    if craft.wording == "rewritten":
        return Rewritten([template.task for template in templates])
    if craft.wording == "per_prompt":
        return Reworded(templates, _PARAPHRASE)
    if craft.wording == "per_account":
        return Templates([template.reworded(rng, _LIGHT) for template in templates])
    return Templates(templates)
