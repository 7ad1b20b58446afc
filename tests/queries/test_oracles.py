"""Every named query against its oracle (oracles.py) on random small worlds: no expected row comes from a query."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from queries.catalogue import named_queries, named_query
from tests.queries.oracles import ORACLES

SEEDS = range(5)
START = datetime(2026, 6, 1, tzinfo=UTC)
ACCOUNTS = [f"a{n}" for n in range(8)]
CLUSTERS = ["op_1", "op_2", "op_3"]
KINDS = ["card", "device", "ip"]
KEYS = [f"k{n}" for n in range(6)]
Rows = list[dict[str, Any]]


class World:
    """Random rows of every table that a query reads; times are whole minutes, so that they collide."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.number = 0
        self.own: dict[str, list[str]] = {account: ["nowhere"] for account in ACCOUNTS}
        self.times: list[datetime] = []

    def moment(self, days: float = 12) -> str:
        return (START + timedelta(minutes=self.dice.randrange(int(days * 1440)))).isoformat()

    def event(self, table: str, **columns: Any) -> dict[str, Any]:
        self.number += 1
        name = f"{table[0]}{self.dice.randrange(10**4):04}{self.number}"
        when = columns.pop("event_time", None) or self.moment()
        about = {"event_id": name, "event_time": when, "account_id": self.pick(ACCOUNTS[:-1]), "_offset": self.number}
        self.own[about["account_id"]].append(name)
        self.times.append(datetime.fromisoformat(when))
        return about | columns

    def pick(self, *values: Any) -> Any:
        return self.dice.choice(values[0] if len(values) == 1 else values)

    def place(self) -> dict[str, Any]:
        net = self.dice.randrange(4)
        place = {"ip_prefix": f"192.0.{net}.0/24", "asn": self.pick(None, 64500 + net), "ip_country": "NL"}
        return place | {"ip_key": self.pick(f"ip{net}", f"ip{net}x")}

    def usage(self) -> dict[str, Any]:
        status = self.pick(200, 200, 201, 401, 403, 429, 500)
        hit = {"status": status, "model": "m", "task": self.pick(None, "coding"), "input_tokens": self.pick(None, 5)}
        hit |= {"output_tokens": self.pick(None, 0, 70), "stop_reason": self.pick(None, "refusal", "end_turn")}
        hit |= {"conversation_prefix_hash": self.pick(None, "c1", "c1"), "fingerprint_version": self.pick(None, "v1")}
        minutes = (START + timedelta(days=self.pick(0, 0, 3), minutes=self.dice.randrange(9))).isoformat()
        return self.event("usage", event_time=minutes, **hit, **self.place())

    def payment(self) -> dict[str, Any]:
        paid = {"payment_method": "card", "outcome": self.pick("succeeded", "succeeded", "declined", "disputed")}
        paid |= {"amount_minor": self.pick(5, 900), "currency": self.pick("EUR", "USD", None)}
        return self.event("payment", **paid, card_funding=self.pick(None, "prepaid"))

    def events(self) -> dict[str, Rows]:
        action = ["banned", "suspended", "reinstated", "verified", "warned"]
        signup = {"email_domain": "x.example", "user_agent": "ua"}
        return {
            "signup": [
                self.event("signup", program=self.pick("free", "paid"), **signup, **self.place()) for _ in range(9)
            ],
            "payment": [self.payment() for _ in range(8)],
            "usage": [self.usage() for _ in range(45)],
            "action": [self.event("action", action=self.pick(action), reason="r") for _ in range(9)],
        }

    def linked(self) -> dict[str, Rows]:
        pairs = [(a, b) for a in ACCOUNTS for b in ACCOUNTS if a < b and self.dice.random() < 0.3]
        weights = self.dice.sample(range(10**6, 9 * 10**6), len(pairs))
        links = [
            {"account_l": a, "account_r": b, "weight": w, "expected_by_chance": 0.5}
            for (a, b), w in zip(pairs, weights, strict=True)
        ]
        evidence = [
            {"account_l": a, "account_r": b, "signal": kind, "key": self.pick(KEYS),
             "weight": self.dice.randrange(10**6), "explanation": f"same {kind}",
             "event_l": self.pick(self.own[a]), "event_r": self.pick(self.own[b])}
            for a, b in pairs
            for kind in KINDS[: self.dice.randrange(1, 4)]
        ]  # fmt: skip
        return {"links": links, "link_evidence": evidence}

    def clustered(self) -> dict[str, Rows]:
        verdicts = ["distillation", "resale", "trial_abuse", "organisation", "undetermined"]
        clusters = [
            {"cluster_uid": uid, "revision": n, "verdict": self.pick(verdicts), "confidence": 0.5, "accounts": n + 1,
             "first_seen": self.moment(), "last_seen": self.moment(20), "requests": 5, "input_tokens": 4,
             "output_tokens": self.pick(10, 20), "reasons": ["r1", "r2"][:n], "fragility": ["f"]}
            for n, uid in enumerate(CLUSTERS)
        ]  # fmt: skip
        members = [
            {"cluster_uid": self.pick(CLUSTERS[:2]), "account_id": name, "confidence": self.pick(0.5, 0.89, 0.9, 0.95),
             "joined_at": self.moment(20), "is_bridge": self.pick(True, False)}
            for name in ACCOUNTS[1:]
        ]  # fmt: skip
        evidence = [
            {"cluster_uid": m["cluster_uid"], "account_id": m["account_id"], "signal": kind, "explanation": f"e{n}",
             "weight": self.pick(-3, 2, 7) * 10**6 + n}
            for m in members
            for n, kind in enumerate(KINDS[: self.dice.randrange(4)])
        ]  # fmt: skip
        return {"clusters": clusters, "cluster_members": members, "member_evidence": evidence}

    def rest(self) -> dict[str, Rows]:
        held = {(self.pick(ACCOUNTS), self.pick(KINDS), self.pick(KEYS)) for _ in range(26)}
        degree = [(kind, key) for _, kind, key in held]
        decisions = [
            {"cluster_uid": self.pick(CLUSTERS), "disposition": self.pick("benign", "true_positive"),
             "decided_at": (START + timedelta(hours=n)).isoformat()}
            for n in range(3)
        ]  # fmt: skip
        return {
            "account_keys": [
                {"account_id": a, "kind": kind, "key": key, "first_seen": self.moment(), "last_seen": self.moment(),
                 "events": 2, "accounts": degree.count((kind, key))}
                for a, kind, key in sorted(held)
            ],
            "cluster_lineage": [
                {"cluster_uid": self.pick(CLUSTERS), "event": event, "other_uid": self.pick(None, *CLUSTERS)}
                for event in ("born", "grew", "merged_into")
            ],
            "extraction_ledger": [
                {"cluster_uid": self.pick(CLUSTERS), "day": f"2026-06-0{self.pick(1, 2, 3)}", "task": f"t{n}",
                 "model": "m", "requests": n, "input_tokens": 3, "output_tokens": self.pick(1, 2), "refusals": 1}
                for n in range(9)
            ],
            "signup_bursts": [
                {"kind": self.pick(KINDS), "key": f"k{n}", "window_start": self.moment(), "signups": n,
                 "expected": 0.1, "surprise": self.pick(5.0, 7.0, 9.0), "event_date": "2026-06-01"}
                for n in range(6)
            ],
            "rejected": [
                {"_topic": self.pick("t1", "t2"), "reason": self.pick("x", "y"), "path": "$", "size_bytes": n,
                 "detail": "", "digest": f"d{n}", "_landed_at": self.moment()}
                for n in range(8)
            ],
            "matches": [
                self.event("usage", cluster_uid=self.pick("op_1", "op_9"), kind=self.pick(KINDS), key="k",
                           weight=self.pick(1, 5) * 10**6, run_id="r", matched_at=self.moment(),
                           event_id=self.pick("m1", "m2"), account_id=self.pick(ACCOUNTS[:3]))
                for _ in range(12)
            ],
            "networks": [{"asn": 64500 + n, "network_class": f"class{n}", "listed_by": "us"} for n in range(2)],
            "decisions": decisions,
        }  # fmt: skip

    def parameters(self, name: str) -> dict[str, Any]:
        later = self.pick(self.times)
        pools: dict[str, Any] = {
            "cluster": CLUSTERS[:2], "account": ACCOUNTS, "a": ACCOUNTS[:4], "b": ACCOUNTS[4:], "max_hops": [1, 3, 8],
            "verdict": [None, None, "resale"], "min_accounts": [1, 2, 3], "kind": KINDS, "value": KEYS, "key": KEYS,
            "since": [None, later.date() if name == "extraction_ledger" else later], "sure_at": [0.9, 0.5],
            "until": [None, self.pick(self.times)], "most": [1000, 3], "within_seconds": [60, 300, 10**6],
            "within_days": [2, 7], "min_surprise": [7.0, 8.0], "topic": [None, "t1"],
        }  # fmt: skip
        given = {p.name: self.pick(pools[p.name]) for p in named_query(name).parameters}
        optional = {p.name for p in named_query(name).parameters if p.default == "NULL"}
        return {name: None if name in optional and self.dice.random() < 0.3 else value for name, value in given.items()}


@pytest.fixture(scope="module", params=SEEDS)
def made(
    request: pytest.FixtureRequest, open_tables: Callable, arrow_table: Callable[..., pa.Table]
) -> tuple[World, dict[str, Rows], duckdb.DuckDBPyConnection]:
    world = World(request.param)
    rows = {**world.events(), **world.linked(), **world.clustered(), **world.rest()}
    tables = {name: arrow_table(name, content) for name, content in rows.items()}
    return world, {name: table.to_pylist() for name, table in tables.items()}, open_tables(tables)


def test_every_query_has_an_oracle() -> None:
    assert set(ORACLES) == set(named_queries())


@pytest.mark.parametrize("name", ORACLES)
def test_query_answers_as_its_oracle(made: tuple[World, dict[str, Rows], Any], name: str) -> None:
    world, tables, connection = made
    for _ in range(4):
        given = world.parameters(name)
        found = connection.sql(named_query(name).sql, params=given or None).to_arrow_table().to_pylist()
        told = {"found": [tuple(row.values()) for row in found]} if name == "why_linked" else {}
        expected = ORACLES[name](tables, **given, **told)
        assert [rounded(row.values()) for row in found] == [rounded(row) for row in expected], given


def rounded(row: Any) -> list[Any]:
    return [round(value, 9) if isinstance(value, float) else value for value in row]
