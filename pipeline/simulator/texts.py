"""Texts: sentences with slots, filled with words; all of it from the files in data/."""

import re
import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from pipeline.simulator.draws import digest

_SLOT = re.compile(r"\{(\w+)\}")

Pick = Callable[[Random], str]


class Phrase:
    """A text with slots such as {noun}: `fill` puts a word in each."""

    __slots__ = ("_picks", "_text")

    def __init__(self, text: str) -> None:
        self._text = _SLOT.sub("%s", text.replace("%", "%%"))
        self._picks = tuple(_pick(slot) for slot in _SLOT.findall(text))

    def fill(self, rng: Random) -> str:
        """The text with fresh words."""
        return self._text % tuple([pick(rng) for pick in self._picks])


@cache
def data(name: str) -> dict[str, Any]:
    """One of the TOML files that come with the simulator."""
    return tomllib.loads(files("pipeline.simulator").joinpath("data", f"{name}.toml").read_text(encoding="utf-8"))


@cache
def words(slot: str) -> tuple[str, ...]:
    """All words of a slot."""
    return tuple(word.replace("-", " ") for word in data("words")[slot].split())


@cache
def phrases(kind: str) -> tuple[Phrase, ...]:
    """All sentences of a kind, such as statement, question or reply."""
    return tuple(map(Phrase, data("sentences")[kind]))


def sentence(rng: Random, kind: str) -> str:
    """One sentence of a kind."""
    bank = phrases(kind)
    return bank[int(rng.random() * len(bank))].fill(rng)


def passage(rng: Random, kind: str, sentences: int) -> str:
    """Several sentences of a kind."""
    return " ".join([sentence(rng, kind) for _ in range(sentences)])


def company_name(rng: Random) -> str:
    """A made-up name of a company or product."""
    return "".join(rng.choices(words("syllable"), k=rng.randint(2, 3))).capitalize()


def _pick(slot: str) -> Pick:
    if slot == "n":
        return lambda rng: str(int(2 + 998 * rng.random() ** 3))
    if slot == "company":
        return company_name
    if slot == "tag":
        return lambda rng: f"{words('noun')[int(rng.random() * 200)]}_{digest(rng.random())[:3]}"
    if slot in data("sentences"):
        return lambda rng: sentence(rng, slot)
    bank = words(slot)
    size = len(bank)

    def pick(rng: Random) -> str:
        draw = rng.random()
        return bank[int(draw * draw * size)]

    return pick
