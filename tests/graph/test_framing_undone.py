"""An attacker moves nobody else, for any number of touches; and once its events are gone, so is all it did."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from graph.link import link
from pipeline.contract.tables import Run
from queries.decisions import Disposition, decide
from tests.graph.conftest import World
from tests.graph.framed import (
    COMPANY,
    COMPANY_NAME,
    NEWCOMERS,
    OFFICE,
    RING,
    TRIO,
    VICTIM_HOME,
    copied,
    distil,
    join,
    others,
    populate,
    send_impostors,
    tables,
    touch,
    undo,
)
from tests.graph.written import groups, table, told


class Linked(NamedTuple):
    """A world, and the link run of before the attack."""

    world: World
    run: Run


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, crowd: Callable[[World, int], None]) -> Linked:
    """The honest people and the operators."""
    world = World(tmp_path_factory.mktemp("framing") / "lake")
    crowd(world, 60)
    populate(world)
    run = link(world.land(), None, told)
    assert groups(world.lake, run) == {
        frozenset(COMPANY): "organisation",
        frozenset(RING): "distillation",
        frozenset(TRIO): "undetermined",
    }
    return Linked(world, run)


@pytest.fixture(scope="module")
def confirmed(tmp_path_factory: pytest.TempPathFactory, before: Linked) -> Linked:
    """The same, linked after both operators were confirmed."""
    world = copied(before.world, tmp_path_factory.mktemp("framing") / "lake")
    for row in table(world.lake, before.run, "clusters"):
        if row["verdict"] != "organisation":
            decide(world.lake, row["cluster_uid"], Disposition.TRUE_POSITIVE, "proven", "me")
    return Linked(world, link(world.lake, None, told))


def sign_up_outsider(world: World) -> None:
    """A new account under the victim's names, referred by the victim."""
    taken = {"email_local_key": "l-victim", "referral_code": "r-victim"}
    world.signup("outsider", 300, device_key="d-outsider", program="free_trial", **taken, **COMPANY_NAME, **VICTIM_HOME)
    world.event("payment", "outsider", 301, card_key="c-outsider", card_funding="prepaid")
    world.event("action", "outsider", 4000, action="banned")


def attack(before: Linked, root: Path, who: str, k: int) -> tuple[World, Run]:
    """Link a copy of the world with `who` touching the victim and the company k times; nobody else may be moved."""
    world = copied(before.world, root / "lake")
    attackers = {"outsider": ["outsider"], "ring": RING, "trio": TRIO}[who]
    if who == "outsider":
        sign_up_outsider(world)
    touch(world, attackers, k)
    run = link(world.land(), None, told)
    assert others(world.lake, run, attackers) == others(world.lake, before.run, attackers)
    return world, run


@pytest.mark.parametrize("k", [1, 5, 50])
@pytest.mark.parametrize("who", ["outsider", "ring"])
def test_an_attacker_moves_nobody_else_however_often_it_touches_them(
    before: Linked, tmp_path: Path, who: str, k: int
) -> None:
    attack(before, tmp_path, who, k)


@pytest.mark.parametrize("who", ["outsider", "ring"])
def test_without_the_events_of_an_attack_all_is_as_before(before: Linked, tmp_path: Path, who: str) -> None:
    world, attacked = attack(before, tmp_path, who, 500)
    assert tables(world.lake, attacked) != tables(world.lake, before.run)
    undo(world.lake, before.world.offsets)
    assert tables(world.lake, link(world.lake, None, told)) == tables(world.lake, before.run)


@pytest.mark.parametrize("who", ["ring", "trio"])
def test_a_confirmed_operator_moves_nobody_else_either(confirmed: Linked, tmp_path: Path, who: str) -> None:
    world, _ = attack(confirmed, tmp_path, who, 50)
    undo(world.lake, confirmed.world.offsets)
    assert tables(world.lake, link(world.lake, None, told)) == tables(world.lake, confirmed.run)


@pytest.mark.parametrize("home", [{}, OFFICE], ids=["by name", "from its office too"])
def test_operators_who_call_themselves_a_company_leave_its_people_alone(
    before: Linked, tmp_path: Path, home: dict[str, str]
) -> None:
    world = copied(before.world, tmp_path / "lake")
    ring, farm = [f"false-{i}" for i in range(9)], [f"trial-{i}" for i in range(9)]
    distil(world, ring, program="pay_as_you_go", **COMPANY_NAME, **home)
    for i, name in enumerate(farm):
        world.signup(name, 300 + i, device_key="d-trial", program="free_trial", **COMPANY_NAME, **home)
        for n in range(6):
            world.ask(name, 330 + 40 * n + i, task="chat", prompt_template_hash=f"trial-{n % 4}-{i // 3}")
    run = link(world.land(), None, told)
    assert others(world.lake, run, ring + farm) == others(world.lake, before.run, [])


@pytest.mark.parametrize(
    ("impostors", "own_hand", "at_home"),
    [(3, False, True), (3, True, True), (7, True, False), (7, False, False)],
    ids=["three strangers in its office", "three of one hand in its office", "seven of one hand", "seven strangers"],
)
def test_banned_impostors_convict_no_company(
    before: Linked, tmp_path: Path, impostors: int, own_hand: bool, at_home: bool
) -> None:
    """They may sign up from its office under its name, replay its requests, pay with prepaid cards and are banned."""
    world = copied(before.world, tmp_path / "lake")
    names = [f"false-{i}" for i in range(impostors)]
    send_impostors(world, names, own_hand=own_hand, at_home=at_home)
    touch(world, names, 8 if own_hand else 50)
    run = link(world.land(), None, told)
    assert others(world.lake, run, names) == others(world.lake, before.run, [])


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory, before: Linked) -> Linked:
    """The same provider, after the company's next three people came with cards of their own."""
    world = copied(before.world, tmp_path_factory.mktemp("framing") / "lake")
    join(world, NEWCOMERS)
    run = link(world.land(), None, told)
    assert groups(world.lake, run)[frozenset([*COMPANY, *NEWCOMERS])] == "organisation"
    return Linked(world, run)


@pytest.mark.parametrize("at_home", [False, True])
@pytest.mark.parametrize("own_hand", [False, True])
def test_nor_do_they_convict_who_joins_the_company_after_them(
    grown: Linked, tmp_path: Path, own_hand: bool, at_home: bool
) -> None:
    """Newcomers use the company's prompts only after the impostors did, and pay for themselves."""
    world = copied(grown.world, tmp_path / "lake")
    names = [f"false-{i}" for i in range(7)]
    send_impostors(world, names, own_hand=own_hand, at_home=at_home)
    touch(world, names, 50)
    people = {*COMPANY, *NEWCOMERS}
    verdicts = {v for members, v in groups(world.lake, link(world.land(), None, told)).items() if members & people}
    assert verdicts == {"organisation"}
