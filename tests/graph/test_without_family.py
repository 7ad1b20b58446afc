import duckdb
import pytest

from graph.keys.days import update_days
from graph.link import Stages, compute, link
from graph.signals.signal import Family


def told(line: str) -> None:
    """Progress that nobody reads."""


@pytest.fixture
def lake(world, crowd):
    """A crowd, and four accounts that share three cards and three prompts."""
    crowd(world, 120)
    for name in ("ring-0", "ring-1", "ring-2", "ring-3"):
        world.signup(name)
        for n in range(3):
            world.event("payment", name, n + 1, card_key=f"c-{n}", card_funding="prepaid")
            world.ask(name, n + 5, prompt_template_hash=f"t-{n}")
    return world.land()


def kinds_of_evidence(lake, without: Family | None) -> set[str]:
    run = link(lake, None, told)
    with duckdb.connect() as con:
        _, days = update_days(con, lake)
        tables = compute(con, lake, run, days, Stages(told), without)
    return set(tables["link_evidence"]["signal"].to_pylist())


def test_all_families_speak_when_none_is_left_out(lake) -> None:
    assert kinds_of_evidence(lake, None) == {"card", "template"}


@pytest.mark.parametrize(("family", "left"), [(Family.PAYMENT, {"template"}), (Family.PROMPT, {"card"})])
def test_a_family_that_is_left_out_gives_no_evidence_and_the_others_do(lake, family: Family, left: set[str]) -> None:
    assert kinds_of_evidence(lake, family) == left
