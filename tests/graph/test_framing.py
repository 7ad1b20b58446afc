"""An outsider who touches a victim, however often, cannot move it into an accused cluster."""

from typing import Any

import pyarrow.parquet as pq
import pytest

from graph.link import link
from pipeline.contract.tables import Run
from pipeline.lake import Lake

VICTIM_HOME = {"ip_key": "ip-victim", "ip_prefix": "net-victim"}
VICTIM_CLIENT = {"ja4": "ja4-victim", "user_agent": "ua-victim"}


def told(line: str) -> None:
    """Progress that nobody reads."""


def accused(lake: Lake, run: Run) -> set[str]:
    rows: dict[str, list[dict[str, Any]]] = {
        name: pq.read_table(lake.run_file(run.run_id, name)).to_pylist() for name in ("clusters", "cluster_members")
    }
    bad = {
        row["cluster_uid"] for row in rows["clusters"] if row["verdict"] in ("distillation", "trial_abuse", "resale")
    }
    return {row["account_id"] for row in rows["cluster_members"] if row["cluster_uid"] in bad}


def victim_with_a_job(world) -> None:
    """A victim whose daily job opens with the same first turn, and is refused once in a while."""
    world.signup("victim", 0, device_key="d-victim", program="pay_as_you_go", referral_code="r-victim", **VICTIM_CLIENT)
    world.event("payment", "victim", 1, card_key="c-victim", card_funding="credit")
    for n in range(60):
        own = {"prompt_template_hash": f"victim-{n % 5}", "conversation_prefix_hash": f"job-{n % 10}"}
        own |= {"prompt_minhash": [n % 5 + 7] * 16, "system_hash": "victim", **VICTIM_HOME, **VICTIM_CLIENT}
        world.ask("victim", 10 + 50 * n, status=429 if n % 6 == 0 else 200, task="coding", output_tokens=800, **own)


def ring(world) -> list[str]:
    names = [f"ring-{i:02}" for i in range(9)]
    for i, name in enumerate(names):
        world.signup(name, 200 + i, device_key=f"d-{name}", program="pay_as_you_go", referral_code="r-victim")
        world.event("payment", name, 201 + i, card_key=f"c-{name}", card_funding="prepaid")
    for n in range(25 * len(names)):
        prompt = {"task": "reasoning", "output_tokens": 900, "prompt_template_hash": f"queue-{(n // 9) % 8}"}
        prompt |= {"conversation_prefix_hash": f"queue-{n}"}
        world.ask(names[n % 9], 230 + 5 * n, status=429 if n % 4 == 0 else 200, **prompt)
        if n % 4 == 0:
            world.ask(names[(n + 1 + n // 9) % 9], 231 + 5 * n, **prompt)
    return names


# What each of the ring's accounts does k times, beside its own work: n counts them, `at` is the minute.
TOUCHES = {
    "address": lambda n: VICTIM_HOME,
    "client": lambda n: VICTIM_CLIENT,
    "prompts": lambda n: {
        "prompt_template_hash": f"victim-{n % 5}",
        "prompt_minhash": [n % 5 + 7] * 16,
        "system_hash": "victim",
        "conversation_prefix_hash": f"job-{n % 10}",
    },
}
TOUCHES["everything"] = lambda n: TOUCHES["address"](n) | TOUCHES["client"](n) | TOUCHES["prompts"](n)


@pytest.mark.parametrize(
    ("touch", "k"), [("address", 60), ("client", 60), ("prompts", 60), ("everything", 2), ("everything", 60)]
)
def test_who_is_touched_is_not_accused_however_often(world, crowd, touch: str, k: int) -> None:
    """The ring copies the victim's day within a minute of it, so that some copies follow a refusal of the victim's."""
    crowd(world, 80)
    victim_with_a_job(world)
    names = ring(world)
    for i, name in enumerate(names):
        for n in range(k):
            minute = 10 + 50 * (n % 60) + (0.1 + i / 100 if n % 2 else 3000)
            world.ask(name, minute, task="coding", **TOUCHES[touch](n))
            world.event("payment", name, minute, card_key="c-victim", outcome="declined")
    lake = world.land()
    found = accused(lake, link(lake, None, told))
    assert "victim" not in found
    assert found <= set(names)
