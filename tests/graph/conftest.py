"""Tiny lakes, written as landing would write them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from deltalake import CommitProperties, Transaction, write_deltalake

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME
from pipeline.lake import Lake

START = datetime(2026, 6, 1, tzinfo=UTC)
DEFAULTS: dict[str, dict[str, Any]] = {
    "signup": {"email_shape": "aaaa", "email_domain": "gmail.com", "user_agent": "Mozilla"},
    "payment": {"payment_method": "card", "outcome": "succeeded"},
    "usage": {"api_key_key": "k", "model": "m", "endpoint": "/v1/messages", "status": 200, "output_tokens": 100},
    "action": {"action": "verified"},
}


class World:
    """Events on their way into a lake; `land` appends what has gathered and moves the position."""

    def __init__(self, root: Path) -> None:
        self.lake = Lake.create(root, "check")
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.offsets: dict[str, int] = {}

    def event(self, table: str, account: str, minute: float = 0, **fields: Any) -> None:
        """Add an event `minute` minutes after START."""
        offset = self.offsets.get(table, 0)
        self.offsets[table] = offset + 1
        at = START + timedelta(minutes=minute)
        row = {"event_id": f"{table}-{offset}", "event_time": at, "event_date": at.date(), "account_id": account}
        row |= {"_topic_id": table, "_topic": table, "_partition": 0, "_offset": offset, "_landed_at": START}
        self.rows.setdefault(table, []).append(row | DEFAULTS[table] | fields)

    def signup(self, account: str, minute: float = 0, **fields: Any) -> None:
        """Add a sign-up that shares nothing unless told."""
        own = {"email_key": f"m-{account}", "email_local_key": f"l-{account}"}
        own |= {"ip_key": f"ip-{account}", "ip_prefix": f"net-{account}"}
        self.event("signup", account, minute, **(own | fields))

    def ask(self, account: str, minute: float, **fields: Any) -> None:
        """Add a request from the account's own address unless told."""
        self.event("usage", account, minute, **({"ip_key": f"ip-{account}", "ip_prefix": f"net-{account}"} | fields))

    def land(self) -> Lake:
        """Append what has gathered, one commit a table."""
        for table, rows in self.rows.items():
            data = pa.Table.from_pylist(rows, schema=arrow_schema(BY_NAME[table]))
            commit = CommitProperties(app_transactions=[Transaction(f"{table}/0", self.offsets[table])])
            write_deltalake(self.lake.table(table), data, mode="append", commit_properties=commit)
        self.rows = {}
        return self.lake


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty world."""
    return World(tmp_path / "lake")


@pytest.fixture(scope="session")
def crowd() -> Callable[[World, int], None]:
    """Adds ordinary accounts: own card, own device, a few prompts of their own, a common opening."""

    def add(world: World, accounts: int) -> None:
        for i in range(accounts):
            name = f"honest-{i:04}"
            world.signup(name, i, device_key=f"d-{name}", program="pay_as_you_go")
            world.event("payment", name, i + 1, card_key=f"c-{name}", card_funding="credit")
            for n in range(4):
                own = {"prompt_template_hash": f"t-{name}-{n}", "conversation_prefix_hash": f"v-{name}-{n}"}
                world.ask(name, 60 * n + i, task="chat", system_hash=f"s-{i % 40}", **own)

    return add


@pytest.fixture
def ring() -> Callable[[World, str, int], frozenset[str]]:
    """Adds a distiller whose accounts share nothing but a queue of prompts, which goes on elsewhere where refused."""

    def add(world: World, name: str, size: int) -> frozenset[str]:
        accounts = [f"{name}-{i:02}" for i in range(size)]
        for i, account in enumerate(accounts):
            world.signup(account, i, device_key=f"d-{account}", program="pay_as_you_go")
            world.event("payment", account, i + 1, card_key=f"c-{account}", card_funding="prepaid")
        rng = Random(name)
        for n in range(24 * size):
            prompt = {"task": "reasoning", "output_tokens": 900, "prompt_template_hash": f"{name}-{rng.randrange(6)}"}
            prompt |= {"conversation_prefix_hash": f"{name}-job-{n}"}
            one, other = rng.sample(accounts, 2)
            refused = n % 3 == 0
            world.ask(one, 30 + 5 * n, status=429 if refused else 200, **prompt)
            if refused:
                world.ask(other, 30 + 5 * n + 0.1, **prompt)
        return frozenset(accounts)

    return add
