"""Prompts: templates made of ideas in several wordings, and what is sent of a prompt."""

from dataclasses import dataclass, field
from functools import cache, lru_cache
from random import Random

import msgspec
import numpy as np

from pipeline.contract.events import Message
from pipeline.privacy.fingerprint import Fingerprint, Hashes, hashes_minhash, text_hash, word_hashes, words
from pipeline.simulator.draws import digest
from pipeline.simulator.texts import Phrase, data, passage

PLAIN_SYSTEM = "You are a helpful assistant."


@dataclass(frozen=True, slots=True)
class Idea:
    """One instruction in several wordings; every wording gets the same words in its slots."""

    wordings: tuple[Phrase, ...]
    seed: int

    def text(self, number: int) -> str:
        """The wording of this number."""
        return _filled(self.wordings[number], self.seed)


# Operators who reword each prompt fill the same few wordings again and again; nobody else fills one twice.
@lru_cache(maxsize=1024)
def _filled(wording: Phrase, seed: int) -> str:
    return wording.fill(Random(seed))


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request's text. `turns` alternate between user and model, the user's last."""

    system: str
    turns: tuple[str, ...]
    template_hash: str
    task: str

    def continued(self, answer: str, next_turn: str) -> "Prompt":
        """The conversation one turn later."""
        return Prompt(self.system, (*self.turns, answer, next_turn), self.template_hash, self.task)

    def fingerprint(self) -> Fingerprint:
        """What `pipeline.privacy.fingerprint` makes of the prompt as messages."""
        system, system_hash = _system(self.system)
        first = words(self.turns[0])
        turns = first.copy()
        for turn in self.turns[1:]:
            turns += words(turn)
        everything = np.concatenate((system, word_hashes(turns)))
        return Fingerprint(hashes_minhash(everything), system_hash, text_hash(first))

    def raw(self, as_parts: bool) -> str | list[Message]:
        """The prompt itself: a string when it is one turn without system prompt, else messages."""
        if not self.system and len(self.turns) == 1:
            return self.turns[0]
        roles = [("user", "assistant")[i % 2] for i in range(len(self.turns))]
        messages = list(zip(roles, self.turns, strict=True))
        if self.system:
            messages.insert(0, ("system", self.system))
        return [Message(role, _content(text, as_parts)) for role, text in messages]


def _content(text: str, as_parts: bool) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode([{"type": "text", "text": text}] if as_parts else text))


# The templates of the accounts that live at once, mostly; 4 MB.
@lru_cache(maxsize=4096)
def _system(system: str) -> tuple[Hashes, str | None]:
    text = words(system)
    return word_hashes(text), text_hash(text)


@dataclass(slots=True)
class Template:
    """Instructions made of ideas, with a payload of some kind after (or before) them.

    `chosen` says which wording of each idea is used.
    """

    ideas: tuple[Idea, ...]
    payload: str
    task: str
    sentences: tuple[int, int] = (3, 7)
    in_system: bool = True
    chosen: tuple[int, ...] = field(default=())
    _text: str = field(init=False)
    _hash: str = field(init=False)

    def __post_init__(self) -> None:
        self.chosen = self.chosen or (0,) * len(self.ideas)
        self._text = " ".join(idea.text(i) for idea, i in zip(self.ideas, self.chosen, strict=True))
        self._hash = digest("template", self._text, self.payload)[:16]

    def reworded(self, rng: Random, share: float) -> "Template":
        """A near-copy: this share of the ideas in another wording."""
        chosen = tuple(
            rng.randrange(len(idea.wordings)) if rng.random() < share else i
            for idea, i in zip(self.ideas, self.chosen, strict=True)
        )
        return Template(self.ideas, self.payload, self.task, self.sentences, self.in_system, chosen)

    def ask(self, rng: Random) -> Prompt:
        """A prompt of this template."""
        body = passage(rng, self.payload, rng.randint(*self.sentences))
        if self.in_system:
            return Prompt(self._text, (body,), self._hash, self.task)
        return Prompt("", (f"{self._text}\n\n{body}",), self._hash, self.task)


_PRODUCTS = (
    ("extraction", "extraction"),
    ("classification", "extraction"),
    ("summarisation", "statement"),
    ("translation", "statement"),
    ("writing", "statement"),
    ("chat", "question"),
    ("coding", "coding"),
)


def product_template(rng: Random) -> Template:
    """The prompt of some product: a role and a few common rules."""
    task, payload = rng.choice(_PRODUCTS)
    ideas = _ideas(rng, ("role", 1), ("common", rng.randint(3, 6)))
    return Template(ideas, payload, task, (2, 8), rng.random() < 0.7)


def capability_template(rng: Random) -> Template:
    """A prompt that seeks a model's abilities: reasoning traces, worked solutions, graded answers, trajectories."""
    task = rng.choice(["reasoning", "coding", "math", "agentic"])
    ideas = _ideas(rng, ("capability_role", 1), ("capability", rng.randint(3, 5)), ("common", rng.randint(1, 3)))
    return Template(ideas, task, task, (1, 3), rng.random() < 0.6)


def _ideas(rng: Random, *wanted: tuple[str, int]) -> tuple[Idea, ...]:
    ideas: list[Idea] = []
    for bank, count in wanted:
        for wordings in rng.sample(_instructions(bank), count):
            first = rng.randrange(len(wordings))
            ideas.append(Idea(_beginning(wordings, first), rng.getrandbits(32)))
    return tuple(ideas)


@cache
def _beginning(wordings: tuple[Phrase, ...], first: int) -> tuple[Phrase, ...]:
    """The wordings with another one first, the same object for everybody who has it so."""
    return wordings[first:] + wordings[:first]


@cache
def _instructions(bank: str) -> tuple[tuple[Phrase, ...], ...]:
    return tuple(tuple(map(Phrase, wordings)) for wordings in data("instructions")[bank])
