"""Whether the holders of a key agree in something else as so many strangers would not."""

from itertools import combinations

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from graph.cohorts import within_cohorts
from graph.links import FAMILIES, SUPPORT, Scored
from graph.null import MICRO
from graph.signals.signal import Family
from tests.graph.scored import ACCOUNTS, scored

NETWORK, CLIENT, PAYMENT = (FAMILIES.index(f) for f in (Family.NETWORK, Family.CLIENT, Family.PAYMENT))
COHORT = list(range(40))
# Addresses are shared by neighbours in a row, and by as many pairs all over the population.
CHAIN = [(i, i + step) for i in COHORT for step in (1, 2) if i + step < len(COHORT)]
ELSEWHERE = [(i, i + 1) for i in range(100, 398, 2)]


def seeds(
    pairs: Scored,
    holders: dict[int, list[int]],
    family: Family = Family.PHRASE,
    members: dict[int, int] | None = None,
) -> set[tuple[int, int]]:
    """What is sown where key → holders, all of one family."""
    held = [
        {"k": k, "a": a, "family": family.value, "degree": len(accounts)}
        for k, accounts in holders.items()
        for a in accounts
    ]
    types = pa.schema([("k", pa.int32()), ("a", pa.int32()), ("family", pa.string()), ("degree", pa.int64())])
    known = members or {}
    with duckdb.connect() as con:
        con.register("rows", pa.Table.from_pylist(held, types))
        con.execute("CREATE TABLE held AS FROM rows")
        con.register("placed", pa.table({"a": pa.array(known, pa.int32()), "c": pa.array(known.values(), pa.int64())}))
        con.execute("CREATE TABLE member AS FROM placed")
        free = ~np.isin(pairs.left, list(known)) & ~np.isin(pairs.right, list(known))
        sown, line = within_cohorts(con, pairs, free)
    assert line.endswith(f"): {int(sown.sum())}")
    return set(zip(pairs.left[sown].tolist(), pairs.right[sown].tolist(), strict=True))


def agreeing(where: list[tuple[int, int]], family: int = NETWORK, nats: float = 5.0) -> Scored:
    return scored({pair: {family: nats} for pair in where})


@pytest.mark.parametrize("family", [Family.PHRASE, Family.PROMPT, Family.DEVICE])
def test_a_cohort_whose_accounts_share_addresses_is_sown(family: Family) -> None:
    assert seeds(agreeing(CHAIN + ELSEWHERE), {0: COHORT}, family) == set(CHAIN)


def test_strangers_who_share_as_many_addresses_as_all_do_are_not() -> None:
    everywhere = [(i, i + step) for i in range(ACCOUNTS) for step in (1, 2) if i + step < ACCOUNTS]
    scattered = list(range(0, ACCOUNTS, 10))
    assert seeds(agreeing(everywhere), {0: scattered}) == set()


def test_one_pair_in_a_cohort_makes_no_seed() -> None:
    assert seeds(agreeing([(0, 1), *ELSEWHERE]), {0: COHORT}) == set()


def test_what_a_star_shows_is_one_observation() -> None:
    star = [(0, other) for other in COHORT[1:]]
    assert seeds(agreeing(star + ELSEWHERE), {0: COHORT}) == set()


@pytest.mark.parametrize(
    ("key", "besides"), [(Family.PHRASE, CLIENT), (Family.DEVICE, CLIENT), (Family.PAYMENT, PAYMENT)]
)
def test_what_comes_with_the_key_bears_nothing_out(key: Family, besides: int) -> None:
    assert seeds(agreeing(CHAIN + ELSEWHERE, besides), {0: COHORT}, key) == set()


def test_what_is_found_already_is_in_no_cohort() -> None:
    assert seeds(agreeing(CHAIN + ELSEWHERE), {0: COHORT}, members=dict.fromkeys(COHORT, 0)) == set()


def test_many_keys_of_the_same_holders_are_one_cohort_and_many_cohorts_cost() -> None:
    pairs = agreeing([*combinations(range(4), 2), *ELSEWHERE], nats=5.0)
    ring = list(range(4))
    others = {1 + k: list(three) for k, three in enumerate(combinations(range(200, 220), 3))}
    assert seeds(pairs, {0: ring, 1: ring, 2: ring}) == set(combinations(range(4), 2))
    assert seeds(pairs, {0: ring} | dict.fromkeys(range(1000, 1200), ring)) == set(combinations(range(4), 2))
    few = agreeing([(0, 1), (2, 3), *ELSEWHERE])
    assert seeds(few, {0: ring}) != set()
    assert seeds(few, {0: ring} | others) == set()


def test_weights_below_support_do_not_speak() -> None:
    assert seeds(agreeing(CHAIN + ELSEWHERE, nats=(SUPPORT - 1) / MICRO), {0: COHORT}) == set()
