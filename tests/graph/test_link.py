from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

import graph.link
from graph.link import link, rerun
from pipeline.contract.tables import RUN_TABLES, Run
from pipeline.errors import LakeError
from pipeline.lake import Lake
from tests.graph.written import groups, table, told


def accused(lake: Lake, run: Run) -> set[str]:
    found = [members for members, verdict in groups(lake, run).items() if verdict in ("distillation", "trial_abuse")]
    return set().union(*found)


def ring(world, size: int = 12, *, start: float = 0) -> set[str]:
    """A distiller: own identities, prepaid cards, one queue of prompts from few templates, refused and resumed."""
    names = [f"ring-{i:02}" for i in range(size)]
    for i, name in enumerate(names):
        world.signup(name, start + i, device_key=f"d-{name}", program="pay_as_you_go")
        world.event("payment", name, start + i + 1, card_key=f"c-{name}", card_funding="prepaid")
        if i % 3 == 0:
            world.event("action", name, start + 4000, action="banned")
    for n in range(40 * size):
        name, minute = names[n % size], start + 30 + 5 * n
        prompt = {"task": "reasoning", "output_tokens": 900, "prompt_template_hash": f"queue-{(n // size) % 8}"}
        if n % 4 == 0:
            world.ask(name, minute, conversation_prefix_hash=f"job-{n}", status=429, **prompt)
            world.ask(names[(n + 1 + n // size) % size], minute + 1, conversation_prefix_hash=f"job-{n}", **prompt)
        else:
            world.ask(name, minute, conversation_prefix_hash=f"job-{n}", **prompt)
    return set(names)


def test_a_ring_among_a_crowd_is_found_whole_and_nobody_else_is_accused(world, crowd) -> None:
    crowd(world, 300)
    members = ring(world)
    lake = world.land()
    run = link(lake, None, told)
    assert accused(lake, run) == members
    cluster = table(lake, run, "clusters")[0]
    assert cluster["verdict"] == "distillation"
    assert cluster["requests"] == 40 * 12 + 40 * 12 // 4
    ledger = table(lake, run, "extraction_ledger")
    assert sum(row["requests"] for row in ledger) == cluster["requests"]
    assert sum(row["output_tokens"] for row in ledger) == cluster["output_tokens"]
    assert lake.runs()[-1] == run


def test_the_reasons_of_a_link_add_up_to_its_weight_and_name_events_of_both_accounts(world, crowd) -> None:
    crowd(world, 200)
    ring(world)
    lake = world.land()
    run = link(lake, None, told)
    links = {(row["account_l"], row["account_r"]): row["weight"] for row in table(lake, run, "links")}
    assert links
    sums = dict.fromkeys(links, 0)
    owner = dict(
        duckdb.sql(
            " UNION ALL ".join(
                f"SELECT event_id, account_id FROM ({lake.select(t)})" for t in ("signup", "payment", "usage")
            )
        ).fetchall()
    )
    for row in table(lake, run, "link_evidence"):
        sums[row["account_l"], row["account_r"]] += row["weight"]
        assert owner[row["event_l"]] == row["account_l"] < row["account_r"] == owner[row["event_r"]]
    assert sums == links


def test_a_world_without_rings_has_no_accusation(world, crowd) -> None:
    crowd(world, 300)
    for i in range(12):
        name = f"seat-{i:02}"
        world.signup(name, i, email_domain="lab.example", org_id="lab", ip_key="office", ip_prefix="office")
        world.event("payment", name, i, card_key="company", card_funding="credit")
        for n in range(30):
            prompt = {"task": "coding", "output_tokens": 900, "prompt_template_hash": f"lab-{n % 4}"}
            world.ask(name, 60 * n + i, ip_key="office", ip_prefix="office", **prompt)
    lake = world.land()
    run = link(lake, None, told)
    assert set(groups(lake, run).values()) == {"organisation"}


def test_with_payments_alone_accounts_that_share_several_cards_are_linked_but_not_accused(world) -> None:
    for i in range(400):
        world.event("payment", f"honest-{i:03}", i, card_key=f"c-{i}")
    for i in range(8):
        for card in range(4):
            world.event("payment", f"pool-{i}", 500 + i, card_key=f"shared-{card}")
    lake = world.land()
    run = link(lake, None, told)
    assert groups(lake, run) == {frozenset(f"pool-{i}" for i in range(8)): "undetermined"}


def test_declined_payments_link_nobody(world) -> None:
    for i in range(300):
        world.event("payment", f"honest-{i:03}", i, card_key=f"c-{i}")
        for card in range(5):
            world.event("payment", f"honest-{i:03}", i, card_key=f"stolen-{i % 30}-{card}", outcome="declined")
    lake = world.land()
    run = link(lake, None, told)
    assert table(lake, run, "links") == []


def test_a_hub_alone_links_nobody(world) -> None:
    for i in range(3000):
        world.signup(f"a-{i:04}", i, ip_key="nat", ip_prefix="nat", device_key="kiosk" if i < 700 else f"d-{i}")
    lake = world.land()
    run = link(lake, None, told)
    assert groups(lake, run) == {}


@pytest.mark.parametrize("copies", [1, 5, 40])
def test_copying_a_victim_does_not_get_it_accused_however_often(world, crowd, copies: int) -> None:
    """The ring also sends the victim's prompts, from the victim's address, after the victim did."""
    crowd(world, 300)
    members = ring(world, start=3000)
    world.signup("victim", 0, device_key="d-victim", program="pay_as_you_go")
    world.event("payment", "victim", 1, card_key="c-victim", card_funding="credit")
    for n in range(60):
        own = {"prompt_template_hash": f"victim-{n % 12}", "conversation_prefix_hash": f"mine-{n}"}
        world.ask("victim", 10 + n, task="coding", output_tokens=800, **own)
    for name in sorted(members):
        for n in range(copies):
            copied = {"prompt_template_hash": f"victim-{n % 12}", "conversation_prefix_hash": f"mine-{n}"}
            world.ask(name, 8000 + n, task="coding", ip_key="ip-victim", ip_prefix="net-victim", **copied)
        world.event("payment", name, 9000, card_key="c-victim", outcome="declined")
    lake = world.land()
    found = accused(lake, link(lake, None, told))
    assert "victim" not in found
    assert len(found & members) >= len(members) - 1


def test_a_run_comes_out_the_same_at_any_thread_count(world, crowd, monkeypatch) -> None:
    crowd(world, 150)
    ring(world)
    lake = world.land()
    run = link(lake, None, told)
    real = duckdb.connect
    for threads in (1, 4):
        monkeypatch.setattr(graph.link.duckdb, "connect", lambda n=threads: real(config={"threads": n}))
        assert rerun(lake, run.run_id, told) == []


def test_as_of_is_the_run_that_would_have_been(world, tmp_path: Path) -> None:
    members = ring(world)
    for i in range(100):
        world.signup(f"honest-{i:03}", i, device_key=f"d-{i}")
    lake = world.land()
    instant = graph.link.datetime(2026, 6, 2, tzinfo=graph.link.UTC)
    run = link(lake, instant, told)
    last = max(row["last_seen"] for row in table(lake, run, "account_keys"))
    assert last < instant
    assert accused(lake, run) <= members
    world.ask("ring-00", 8000, prompt_template_hash="late")
    world.land()
    assert rerun(lake, run.run_id, told) == []


def test_a_second_run_keeps_the_ids(world, crowd) -> None:
    crowd(world, 150)
    ring(world)
    lake = world.land()
    first = link(lake, None, told)
    second = link(lake, None, told)
    assert second.previous_run_id == first.run_id
    uids = [[row["cluster_uid"] for row in table(lake, run, "clusters")] for run in (first, second)]
    assert uids[0] == uids[1]
    assert table(lake, second, "cluster_lineage") == []


def test_a_link_that_dies_before_its_last_step_leaves_the_old_run_current(world, monkeypatch) -> None:
    world.signup("a")
    lake = world.land()
    first = link(lake, None, told)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(graph.link, "make_visible", die)
    with pytest.raises(KeyboardInterrupt):
        link(lake, None, told)
    assert lake.runs() == [first]


def test_an_empty_lake_gives_an_empty_run_with_every_table(world) -> None:
    run = link(world.lake, None, told)
    for spec in RUN_TABLES:
        assert pq.read_schema(world.lake.run_file(run.run_id, spec.name)).names == [c.name for c in spec.columns]


def test_a_rerun_of_nothing_says_so(world) -> None:
    with pytest.raises(LakeError, match="no run 'nope'"):
        rerun(world.lake, "nope", told)


def test_a_link_without_memory_says_so_and_leaves_the_last_run(world, crowd, monkeypatch) -> None:
    crowd(world, 30)
    lake = world.land()
    run = link(lake, None, told)
    monkeypatch.setattr(graph.link, "MEMORY", "1MB")
    with pytest.raises(LakeError, match="ran out of memory"):
        link(lake, None, told)
    assert [each.run_id for each in lake.runs()] == [run.run_id]
