"""Workloads: what an account asks for, request after request."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from pipeline.simulator.draws import digest
from pipeline.simulator.prompts import PLAIN_SYSTEM, Prompt, Template
from pipeline.simulator.texts import data, passage, sentence

# A conversation is started anew after this many turns, which bounds the size of a prompt.
_LONGEST_CONVERSATION = 9
_CHAT_TASKS = ("chat", "chat", "chat", "writing", "writing", "translation", "coding", "summarisation", "roleplay")


class Workload(Protocol):
    """A source of prompts; `fresh` says that a new session begins, so no conversation goes on."""

    def ask(self, rng: Random, fresh: bool) -> Prompt:
        """The next prompt."""


@dataclass(slots=True)
class Templates:
    """Requests of a product: one of few templates, filled with a payload."""

    templates: Sequence[Template]

    def ask(self, rng: Random, fresh: bool) -> Prompt:
        """The next prompt: earlier templates more often."""
        draw = rng.random()
        return self.templates[int(draw * draw * len(self.templates))].ask(rng)


@dataclass(slots=True)
class Reworded:
    """A template that is put in other words for each prompt."""

    templates: Sequence[Template]
    share: float

    def ask(self, rng: Random, fresh: bool) -> Prompt:
        """The next prompt, in words of its own."""
        return rng.choice(self.templates).reworded(rng, self.share).ask(rng)


@dataclass(slots=True)
class Rewritten:
    """Tasks that a model puts into new words, whole, each time: nothing but the task recurs."""

    tasks: Sequence[str]

    def ask(self, rng: Random, fresh: bool) -> Prompt:
        """The next prompt; its wording is like that of any other person's request."""
        task = rng.choice(self.tasks)
        parts = [sentence(rng, "request") for _ in range(rng.randint(2, 4))]
        parts += [sentence(rng, task) for _ in range(rng.randint(1, 3))]
        rng.shuffle(parts)
        return Prompt(rng.choice(("", PLAIN_SYSTEM)), (" ".join(parts),), digest("rewritten", rng.random())[:16], task)


@dataclass(slots=True)
class Chat:
    """A person who chats: conversations of several turns, no template."""

    system: str = PLAIN_SYSTEM
    kind: str = "question"
    tasks: Sequence[str] = _CHAT_TASKS
    greets: float = 0.12
    _turns: tuple[str, ...] = ()
    _template: str = ""
    _task: str = "chat"

    def ask(self, rng: Random, fresh: bool) -> Prompt:
        """The next turn, or the first of a new conversation."""
        if fresh or not self._turns or len(self._turns) >= _LONGEST_CONVERSATION or rng.random() < 0.3:
            self._turns = (self._opening(rng),)
            self._task = rng.choice(self.tasks)
        else:
            answer = passage(rng, "reply", rng.randint(1, 4))
            self._turns = (*self._turns, answer, self._words(rng))
        self._template = digest("chat", rng.random())[:16]
        return Prompt(self.system, self._turns, self._template, self._task)

    def _opening(self, rng: Random) -> str:
        if rng.random() < self.greets:
            return str(rng.choice(data("public")["first_turns"]["texts"]))
        return self._words(rng)

    def _words(self, rng: Random) -> str:
        opening = sentence(rng, "request" if rng.random() < 0.15 else self.kind)
        more = rng.randint(0, 3)
        return f"{opening} {passage(rng, 'statement', more)}" if more else opening


@dataclass(slots=True)
class Items:
    """Prompts known word for word to everybody, such as the items of a public benchmark."""

    prompts: Sequence[Prompt]

    def ask(self, rng: Random, fresh: bool) -> Prompt:
        """One of them, each as likely as the others."""
        return self.prompts[int(rng.random() * len(self.prompts))]


@dataclass(slots=True)
class Mixture:
    """One workload or another: `parts` are (share, workload), the shares sum to 1."""

    parts: Sequence[tuple[float, Workload]]
    _last: Workload | None = field(default=None)

    def ask(self, rng: Random, fresh: bool) -> Prompt:
        """The next prompt; a session stays with the workload it began with, mostly."""
        last = self._last
        if last is None or fresh or rng.random() < 0.2:
            draw = rng.random()
            for share, workload in self.parts:
                last = workload
                draw -= share
                if draw < 0:
                    break
            fresh = fresh or last is not self._last
            self._last = last
        assert last is not None, "a mixture has at least one part"
        return last.ask(rng, fresh)


class Customers:
    """The customers of a reseller: ordinary people who chat through one account."""

    def __init__(self, rng: Random) -> None:
        self._chats = [Chat(self._system(rng), greets=0.15) for _ in range(rng.randint(3, 8))]

    def ask(self, rng: Random, fresh: bool) -> Prompt:
        """The next turn of one of them."""
        return rng.choice(self._chats).ask(rng, fresh)

    @staticmethod
    def _system(rng: Random) -> str:
        if rng.random() < 0.25:
            return str(rng.choice(data("public")["tool"])["system"])
        return rng.choice(("", PLAIN_SYSTEM))
