"""Who is compared with a cluster, at a cost that no hub and no number of clusters can blow up."""

from collections.abc import Iterator

import duckdb
import numpy as np
import pytest

from graph import candidates as subject
from graph.candidates import Membership, candidates
from graph.keys.days import draw_days
from graph.keys.held import accounts_of, make_held
from graph.null import Ints
from graph.snapshot import pin, view_events

# Two pools of three, each with a card and behind an address of two others.
POOLS = 2
SIZE = 3
NEIGHBOURS = 1


@pytest.fixture
def held(world, crowd) -> Iterator[tuple[duckdb.DuckDBPyConnection, Ints]]:
    crowd(world, 120)
    for pool in range(POOLS):
        names = [f"pool-{pool}-{i}" for i in range(SIZE)]
        for i, name in enumerate(names):
            world.event("payment", name, 500 + i, card_key=f"card-{pool}")
        neighbours = [f"honest-{pool * NEIGHBOURS + i:04}" for i in range(NEIGHBOURS)]
        # The first behind the address took it up from nobody.
        for i, name in enumerate(["honest-0119", *names, *neighbours]):
            world.ask(name, 600 + i, ip_key=f"shared-{pool}", ip_prefix=f"net-{pool}")
    lake = world.land()
    with duckdb.connect() as con:
        pin(con, lake.positions())
        days = draw_days(con, lake, None)
        view_events(con, lake)
        make_held(con, days)
        labels = np.full(accounts_of(con), -1, dtype=np.int64)
        for a, name in con.sql("SELECT a, account_id FROM account WHERE account_id LIKE 'pool-%'").fetchall():
            labels[a] = int(name.split("-")[1])
        yield con, labels


def same(one: Membership, other: Membership) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("a", "c", "weights", "admitted"))


def test_members_are_there_and_of_others_only_who_is_admitted(held) -> None:
    con, labels = held
    found = candidates(con, labels)
    assert sorted(zip(found.a.tolist(), found.c.tolist(), strict=True)) == [
        (a, labels[a]) for a in np.flatnonzero(labels >= 0).tolist()
    ]
    # A neighbour has addresses of its own as well: that one of several is shared is less of a surprise.
    assert set(found.near.tolist()) == {SIZE}


def test_clusters_compared_one_by_one_come_out_the_same(held, monkeypatch: pytest.MonkeyPatch) -> None:
    con, labels = held
    together = candidates(con, labels)
    monkeypatch.setattr(subject, "SPAN_ROWS", 1)
    apart = candidates(con, labels)
    assert same(together, apart)
    assert np.array_equal(together.near, apart.near)
    assert not len(candidates(con, np.full_like(labels, -1)).a)


def test_who_is_behind_a_hub_is_counted_and_members_are_weighed_by_it(held, monkeypatch: pytest.MonkeyPatch) -> None:
    con, labels = held
    exact = candidates(con, labels)
    monkeypatch.setattr(subject, "HUB", SIZE)
    behind = candidates(con, labels)
    assert con.sql("SELECT count(*) FROM vocabulary WHERE hub").fetchall() != [(0,)]
    assert same(exact, behind)
    # Whoever shares more than the hub is counted once more.
    assert set(behind.near.tolist()) == {SIZE + NEIGHBOURS + SIZE}
