"""An operator at work: a job queue spread over its accounts, failover, bans and successors, pivots, cover traffic."""

import heapq
from collections.abc import Callable, Iterator
from itertools import count

from pipeline.simulator import assignments, rhythms
from pipeline.simulator.account import Account, Timed
from pipeline.simulator.assignments import Member
from pipeline.simulator.clock import DAY, HOUR, MINUTE, SECOND
from pipeline.simulator.crew import Crew
from pipeline.simulator.life import Habit, live
from pipeline.simulator.people import own_products, requests_per_day
from pipeline.simulator.prompts import Prompt
from pipeline.simulator.texts import sentence
from pipeline.simulator.tradecraft import Tradecraft
from pipeline.simulator.world import NEW_MODEL, World

# Share of requests that meet a rate limit: operators drive accounts to their limits, others hardly do.
_LIMITED = 0.03
# The work of banned accounts falls to the others, up to this many times an account's usual load.
_OVERLOAD = 1.6
# Attempts to have a job done by one account after another.
_TRIES = 3
# A dialogue that accounts take over from each other ends after this many turns.
_LONGEST_DIALOGUE = 7
# Shares of sign-ups that try a stolen card first, of payments disputed later, of bans that a reviewer explains.
_STOLEN, _DISPUTED, _REVIEWED = 0.15, 0.03, 0.2

Step = Callable[[int], Iterator[Timed]]


class Ring:
    """One operator. `life` gives all its events in time order."""

    def __init__(self, world: World, craft: Tradecraft, number: int, size: int) -> None:
        self._world, self._craft, self._size = world, craft, size
        self._rng = world.stream("operator", number)
        self._crew = Crew(world, craft, number, self._rng)
        self._wanted = assignments.templates(craft, world.papers, self._rng)
        self._queue = rhythms.person(self._rng, 0) if craft.wording == "customers" else rhythms.Queue()
        self._pivot = world.release + int(self._rng.uniform(0.1, 1.5) * DAY)
        self._agenda: list[tuple[int, int, Step]] = []
        self._order = count()
        self._working: list[Member] = []
        self._dialogue: Prompt | None = None
        self._strength = max(1, round(size * (1 - craft.reserve)))
        for _ in range(size if craft.opened == "aged" else self._strength):
            self._enlist(self._crew.recruit())

    def life(self) -> Iterator[Timed]:
        """All events of all accounts, in time order."""
        for day in range(self._world.plan.days):
            self._at(self._world.start + day * DAY, self._day(day))
        while self._agenda:
            time, _, step = heapq.heappop(self._agenda)
            if time >= self._world.end:
                return
            yield from step(time)

    def _at(self, time: int, step: Step) -> None:
        heapq.heappush(self._agenda, (time, next(self._order), step))

    def _enlist(self, account: Account) -> None:
        rng, world = self._rng, self._world
        if self._craft.opened == "aged":
            ready = world.start + int(rng.uniform(-0.4, 0.8) * (world.end - world.start))
            habit = Habit(own_products(rng), rhythms.person(rng, 0), requests_per_day(rng), until=ready)
            self._follow(live(world, account, habit))
        else:
            self._follow(self._first_hour(account))
            ready = account.opened + int(rng.uniform(1, 30) * HOUR)
        ready = max(ready, world.start)
        self._at(ready, lambda time: self._begin(account, time))
        self._at(ready + int(rng.expovariate(1 / self._craft.ban_days) * DAY), lambda time: self._ban(account, time))

    def _follow(self, events: Iterator[Timed]) -> None:
        event = next(events, None)
        if event is not None:
            self._at(event[0], lambda time: self._pass_on(event, events))

    def _pass_on(self, event: Timed, events: Iterator[Timed]) -> Iterator[Timed]:
        yield event
        self._follow(events)

    def _first_hour(self, account: Account) -> Iterator[Timed]:
        rng = self._rng
        yield account.signup(rng)
        time = account.opened + int(rng.uniform(1, 6) * MINUTE)
        yield account.action(rng, time, "key_created", actor="user")
        if not self._craft.accounts_per_card or account.program == "education":
            return
        victim = rng.choice(self._world.accounts)
        if victim.card and victim.label == "honest" and rng.random() < _STOLEN:
            # A stolen card is tried first. It links nobody: the payment is declined.
            yield account.payment(rng, time + MINUTE, "declined", victim.card)
        yield account.payment(rng, time + 2 * MINUTE)
        if rng.random() < _DISPUTED:
            yield account.payment(rng, time + 9 * DAY, "disputed")

    def _begin(self, account: Account, time: int) -> Iterator[Timed]:
        if self._craft.opened == "aged":
            self._crew.equip(account)
            yield account.payment(self._rng, time)
        self._working.append(assignments.member(self._craft, self._wanted, account, self._rng))

    def _ban(self, account: Account, time: int) -> Iterator[Timed]:
        rng = self._rng
        account.closed = time
        yield account.action(rng, time, "banned", rng.choice(("policy", "abuse", "payment_risk")))
        if rng.random() < _REVIEWED:
            self._at(time + 5 * HOUR, lambda later: iter((account.reviewed(rng, later, account.label),)))
        self._replace(time)

    def _replace(self, time: int) -> None:
        if self._crew.made < self._size:
            self._enlist(self._crew.recruit(time + int(self._rng.uniform(0.5, 30) * HOUR)))

    def _day(self, day: int) -> Step:
        def plan(midnight: int) -> Iterator[Timed]:
            hands = min(self._strength, _OVERLOAD * len(self._working))
            mean = self._craft.per_day * self._world.plan.rate * hands * self._rng.uniform(0.85, 1.15)
            if hands:
                for offset in self._queue.arrivals(self._rng, day, mean * (1 - self._craft.cover)):
                    self._at(midnight + offset, self._job)
            if self._craft.cover:
                for member in self._working:
                    self._plan_cover(member, day, midnight)
            return iter(())

        return plan

    def _plan_cover(self, member: Member, day: int, midnight: int) -> None:
        mean = self._craft.per_day * self._world.plan.rate * self._craft.cover
        for offset in member.waking.arrivals(self._rng, day, mean):
            self._at(midnight + offset, lambda time: self._disguise(member, time))

    def _disguise(self, member: Member, time: int) -> Iterator[Timed]:
        if member.account.closed is None:
            prompt = member.cover.ask(self._rng, self._rng.random() < 0.2)
            yield member.account.usage(self._rng, time, prompt, self._world.status(self._rng, time))

    def _job(self, time: int) -> Iterator[Timed]:
        if not self._working:
            return
        rng = self._rng
        member = rng.choice(self._working)
        if self._dialogue and rng.random() < self._craft.resumes:
            prompt = self._dialogue.continued(sentence(rng, "reply"), sentence(rng, "reasoning"))
        else:
            prompt = member.work.ask(rng, False)
        self._dialogue = prompt if len(prompt.turns) < _LONGEST_DIALOGUE else None
        yield from self._send(member, prompt, time, _TRIES)

    def _send(self, member: Member, prompt: Prompt, time: int, tries: int) -> Iterator[Timed]:
        rng, account = self._rng, member.account
        if time >= self._pivot and self._craft.label == "distillation":
            account.model = NEW_MODEL
        member.left -= 1
        status = self._answer(member, time)
        yield account.usage(rng, time, prompt, status)
        if status in (402, 403) and member in self._working:
            self._working.remove(member)
            if status == 402:
                self._replace(time)
        if status in (402, 403, 429) and tries > 1 and self._working and rng.random() < self._craft.failover:
            other = rng.choice(self._working)
            later = time + int(rng.uniform(0.5, 6) * SECOND)
            self._at(later, lambda then: self._send(other, prompt, then, tries - 1))

    def _answer(self, member: Member, time: int) -> int:
        if member.account.closed is not None:
            return 403
        if member.left < 0:
            return 402
        return 429 if self._rng.random() < _LIMITED else self._world.status(self._rng, time)
