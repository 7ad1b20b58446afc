"""A provider with a victim, an honest company and two operators; an attack on them, and how it is undone."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from graph.keys.days import redraw
from pipeline.contract.tables import EVENT_TABLES, RUN_TABLES, Run
from pipeline.lake import Lake
from tests.graph.conftest import World
from tests.graph.written import groups

COMPANY = [f"corp-{i}" for i in range(6)]
NEWCOMERS = [f"new-{i}" for i in range(3)]
RING = [f"ring-{i}" for i in range(9)]
TRIO = [f"trio-{i}" for i in range(3)]
TURNS = 60

VICTIM_HOME = {"ip_key": "ip-victim", "ip_prefix": "net-victim", "ja4": "ja4-victim", "user_agent": "ua-victim"}
OFFICE = {"ip_key": "ip-corp", "ip_prefix": "net-corp", "ja4": "ja4-corp", "user_agent": "ua-corp"}
COMPANY_NAME = {"email_domain": "corp.example", "org_id": "org-corp"}


def victims_turn(n: int) -> tuple[float, dict[str, Any]]:
    """Minute and fields of the victim's n-th request, of a job that opens with one of ten first turns."""
    own = {"prompt_template_hash": f"victim-{n % 5}", "conversation_prefix_hash": f"job-{n % 10}"}
    return 10 + 50 * n, own | {"prompt_minhash": [n % 5 + 7] * 16, "system_hash": "victim"} | VICTIM_HOME


def companys_turn(n: int) -> tuple[float, dict[str, Any]]:
    """Minute and fields of the company's n-th request, to a product of its own."""
    own = {"prompt_template_hash": f"corp-{n % 4}", "conversation_prefix_hash": f"corp-{n % 12}"}
    return 25 + 50 * n, own | {"prompt_minhash": [n % 4 + 70] * 16, "system_hash": "corp"} | OFFICE


def populate(world: World) -> None:
    """Add the victim, the company, three accounts of one device and card, and a ring that shares only its queue."""
    world.signup("victim", 0, device_key="d-victim", program="pay_as_you_go", referral_code="r-victim", **VICTIM_HOME)
    world.event("payment", "victim", 1, card_key="c-victim", card_funding="credit")
    for i, name in enumerate(COMPANY):
        world.signup(name, 2 + i, device_key=f"d-{name}", program="pay_as_you_go", **COMPANY_NAME, **OFFICE)
        world.event("payment", name, 9 + i, card_key="c-corp", card_funding="credit")
    for n in range(TURNS):
        for turn, name in ((victims_turn, "victim"), (companys_turn, COMPANY[n % 6])):
            minute, fields = turn(n)
            world.ask(name, minute, status=429 if n % 6 == 0 else 200, task="coding", output_tokens=800, **fields)
    for i, name in enumerate(TRIO):
        world.signup(name, 100 + i, device_key="d-trio", program="pay_as_you_go")
        world.event("payment", name, 101 + i, card_key="c-trio", card_funding="prepaid")
        for n in range(8):
            world.ask(name, 120 + 7 * n + i, task="coding", prompt_template_hash=f"trio-{n % 4}")
    distil(world, RING, program="pay_as_you_go")


def join(world: World, names: list[str]) -> None:
    """Let people join the company at half-time, from then on by turns with those who were there, on own cards."""
    everybody, half = [*COMPANY, *names], TURNS // 2
    for i, name in enumerate(names):
        minute, _ = companys_turn(half)
        world.signup(name, minute - 10 + i, device_key=f"d-{name}", program="pay_as_you_go", **COMPANY_NAME, **OFFICE)
        world.event("payment", name, minute - 5 + i, card_key=f"c-{name}", card_funding="credit")
    for n in range(half, TURNS):
        name = everybody[n % len(everybody)]
        minute, fields = companys_turn(n)
        world.ask(name, minute + 0.5, status=429 if n % 7 == 0 else 200, task="coding", output_tokens=800, **fields)


def send_impostors(world: World, names: list[str], *, own_hand: bool, at_home: bool) -> None:
    """Sign up free trials that pay with prepaid cards and are banned; perhaps under the company's name, in its office.

    `own_hand`: they share a device and a card.
    """
    home = {**COMPANY_NAME, **OFFICE} if at_home else {}
    for i, name in enumerate(names):
        mark = "false" if own_hand else name
        world.signup(name, 300 + i, device_key=f"d-{mark}", program="free_trial", **home)
        world.event("payment", name, 301 + i, card_key=f"c-{mark}", card_funding="prepaid")
        world.event("action", name, 4000, action="banned")


def distil(world: World, names: list[str], **signup: Any) -> None:
    """One queue of prompts over accounts of their own devices and prepaid cards, refused here and resumed there."""
    for i, name in enumerate(names):
        world.signup(name, 200 + i, device_key=f"d-{name}", **signup)
        world.event("payment", name, 201 + i, card_key=f"c-{name}", card_funding="prepaid")
    size, queue = len(names), names[0]
    for n in range(25 * size):
        prompt = {"task": "reasoning", "output_tokens": 900, "prompt_template_hash": f"{queue}-{n // size % 8}"}
        prompt |= {"conversation_prefix_hash": f"{queue}-job-{n}"}
        world.ask(names[n % size], 230 + 5 * n, status=429 if n % 4 == 0 else 200, **prompt)
        if n % 4 == 0:
            world.ask(names[(n + 1 + n // size) % size], 231 + 5 * n, **prompt)


def touch(world: World, names: list[str], k: int) -> None:
    """Each account replays what the victim and the company have shown, k times, six seconds after or before them.

    From their addresses, with their clients and prompts, now refused and now answered; their cards are declined.
    """
    for i, name in enumerate(names):
        for n in range(k):
            turn, card = (companys_turn, "c-corp") if n % 2 else (victims_turn, "c-victim")
            minute, fields = turn(12 + n // 2 % (TURNS - 12))
            minute += (0.1 if n % 4 < 2 else -0.1) + (i + n // TURNS) / 1000
            world.event("payment", name, minute, card_key=card, outcome="declined")
            world.ask(name, minute, status=429 if n % 3 == 0 else 200, task="coding", output_tokens=900, **fields)


def copied(world: World, root: Path) -> World:
    """The same world once more, in a lake of its own."""
    shutil.copytree(world.lake.root, root)
    other = World.__new__(World)
    other.lake, other.rows, other.offsets = Lake.open(root), {}, dict(world.offsets)
    return other


def undo(lake: Lake, offsets: dict[str, int]) -> None:
    """Take out of the lake all events from `offsets` on."""
    days: set[date] = set()
    for table in EVENT_TABLES:
        rows = lake.table(table.name)
        gone = f"_offset >= {offsets[table.name]}" if table.name in offsets else "true"
        with duckdb.connect() as con:
            days.update(
                day
                for (day,) in con.sql(
                    f"SELECT DISTINCT event_date FROM ({lake.select(table.name)}) WHERE {gone}"
                ).fetchall()
            )
        rows.delete(gone)
    with duckdb.connect() as con:
        redraw(con, lake, sorted(days))


def others(lake: Lake, run: Run, names: list[str]) -> dict[frozenset[str], str]:
    """Clusters and verdicts of everybody but `names`."""
    left = {members - set(names): verdict for members, verdict in groups(lake, run).items()}
    return {members: verdict for members, verdict in left.items() if members}


def tables(lake: Lake, run: Run) -> dict[str, pa.Table]:
    """What a run found: its tables but for run ids and for what they tell of earlier runs."""
    found = {
        t.name: pq.read_table(lake.run_file(run.run_id, t.name)) for t in RUN_TABLES if t.name != "cluster_lineage"
    }
    return {
        name: rows.drop_columns([c for c in ("run_id", "revision") if c in rows.column_names])
        for name, rows in found.items()
    }
