from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from graph.verdict.facts import Facts, Outside, gather

COLUMNS = """account_id TEXT, src TEXT, seq BIGINT, ip_prefix TEXT, org_id TEXT, email_domain TEXT, program TEXT,
    action TEXT, outcome TEXT, card_funding TEXT, card_key TEXT, device_key TEXT, task TEXT, output_tokens BIGINT,
    billing_name_key TEXT, billing_postcode_key TEXT,
    input_tokens BIGINT, stop_reason TEXT, model TEXT, event_time TIMESTAMP, event_date DATE, system_hash TEXT,
    prompt_template_hash TEXT, conversation_prefix_hash TEXT, prompt_minhash BIGINT[]"""
Gathered = tuple[list[Facts], Outside]
World = Callable[..., Gathered]


@pytest.fixture
def gathered() -> World:
    """Facts of `events` (dicts), where accounts whose names begin with m are the members of cluster 0.

    `words` (family, kind, key, members who hold it) are its vocabulary.
    """

    def gather_from(events: list[dict[str, Any]], words: list[tuple[str, str, str, int]]) -> Gathered:
        con = duckdb.connect()
        con.execute(f"CREATE TABLE events ({COLUMNS})")
        for seq, event in enumerate(events):
            row = {"src": "usage", "event_time": "2026-06-01 10:00:00", "seq": seq} | event
            con.execute(
                f"INSERT INTO events ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values())
            )
        con.execute("""CREATE TABLE account AS
            SELECT row_number() OVER (ORDER BY account_id) - 1 AS a, account_id
            FROM (SELECT DISTINCT account_id FROM events)""")
        con.execute("CREATE TABLE member AS SELECT a, 0 AS c FROM account WHERE account_id LIKE 'm%'")
        con.execute("CREATE TABLE vocabulary (c BIGINT, k BIGINT, family TEXT, n BIGINT)")
        con.execute("CREATE TABLE shared (k BIGINT, kind TEXT, key TEXT)")
        for k, (family, kind, key, n) in enumerate(words):
            con.execute("INSERT INTO vocabulary VALUES (0, ?, ?, ?)", [k, family, n])
            con.execute("INSERT INTO shared VALUES (?, ?, ?)", [k, kind, key])
        return gather(con)

    return gather_from


def requests(account: str, count: int = 6, **columns: Any) -> list[dict[str, Any]]:
    return [{"account_id": account, "output_tokens": 10, **columns} for _ in range(count)]


def strangers(count: int = 30) -> list[dict[str, Any]]:
    return [event for i in range(count) for event in requests(f"o{i}", ip_prefix=f"home{i}")]


def hopping(gathered: World, blocks_of: Callable[[int], list[str]]) -> int:
    events = [event for i in range(12) for block in blocks_of(i) for event in requests(f"m{i:02}", ip_prefix=block)]
    return gathered(strangers() + events, [])[0][0].hopping


def test_networks_that_all_members_use_are_the_groups_and_no_hopping(gathered: World) -> None:
    assert hopping(gathered, lambda i: ["cloud1", "cloud2", "cloud3"]) == 0
    assert hopping(gathered, lambda i: ["office", f"home of {i}"]) == 0


def test_members_who_each_come_from_proxies_of_their_own_hop(gathered: World) -> None:
    assert hopping(gathered, lambda i: [f"proxy {i} {j}" for j in range(4)]) == 12


def test_the_share_of_strangers_who_hop_is_the_true_one_of_those_who_do_something(gathered: World) -> None:
    travellers = [event for i in range(3) for j in range(5) for event in requests(f"t{i}", 2, ip_prefix=f"inn {i} {j}")]
    idle = [{"account_id": f"z{i}", "ip_prefix": f"idle {i} {j}"} for i in range(40) for j in range(2)]
    _, outside = gathered(strangers() + travellers + idle + requests("m0"), [])
    assert outside.hopping == pytest.approx(4 / 35)


def test_conversations_that_members_pass_on_are_what_they_share(gathered: World) -> None:
    passed = requests("m0", 3, conversation_prefix_hash="c1", task="coding", output_tokens=100)
    other = requests("m1", 2, conversation_prefix_hash="c2", task="chat")
    for kind in ("failover", "handover"):
        (found,), _ = gathered(strangers() + passed + other, [("failover", kind, "c1", 2)])
        assert (found.carried, found.carried_capability, found.carried_output) == (3, 3, 100)


def test_what_is_no_word_of_the_cluster_is_not_carried(gathered: World) -> None:
    events = strangers() + requests("m0", 3, system_hash="c1", prompt_template_hash="p1") + requests("m1")
    (found,), _ = gathered(events, [("failover", "failover", "c1", 2), ("prompt", "template", "p2", 2)])
    assert found.carried == 0


def test_a_domain_that_everybody_shows_is_nobodys_own(gathered: World) -> None:
    def sign_ups(domain: str, names: list[str]) -> list[dict[str, Any]]:
        return [{"account_id": name, "src": "signup", "email_domain": domain} for name in names]

    people, members = [f"o{i}" for i in range(30)], [f"m{i}" for i in range(4)]
    work = strangers() + [event for name in members for event in requests(name)]
    assert gathered(work + sign_ups("redacted.invalid", people + members), [])[0][0].own_domain == 0
    assert gathered(work + sign_ups("firm.example", people[:2] + members), [])[0][0].own_domain == 4
    assert gathered(work + sign_ups("gmail.com", members), [])[0][0].own_domain == 0


def test_the_crowd_is_the_members_behind_the_commonest_device_or_card(gathered: World) -> None:
    devices = [{"account_id": f"m{i}", "src": "signup", "device_key": "one" if i < 3 else f"own {i}"} for i in range(5)]
    cards = [
        {"account_id": f"m{i}", "src": "payment", "outcome": outcome, "card_key": "one"}
        for i, outcome in enumerate(["succeeded"] * 4 + ["declined"])
    ]
    assert gathered(strangers() + devices, [])[0][0].crowd == 3
    assert gathered(strangers() + devices + cards, [])[0][0].crowd == 4
    assert gathered(strangers() + requests("m0"), [])[0][0].crowd == 0


def test_the_core_is_what_most_members_share_and_untold_what_has_no_task(gathered: World) -> None:
    events = [event for i in range(5) for event in requests(f"m{i}", 2, system_hash="all", task="chat")]
    events += requests("m0", 3, system_hash="two") + requests("m1", 4)
    (found,), _ = gathered(strangers() + events, [("prompt", "system", "all", 5), ("prompt", "system", "two", 2)])
    assert (found.carried, found.core, found.untold) == (13, 10, 3)


def test_the_payer_is_the_commonest_card_or_name_on_the_bill(gathered: World) -> None:
    paid = {"src": "payment", "outcome": "succeeded"}
    bills = [
        {"account_id": f"m{i}", "card_key": f"own {i}", "billing_name_key": "firm", "billing_postcode_key": code} | paid
        for i, code in enumerate(["1", "1", "1", "2"])
    ]
    assert gathered(strangers() + bills, [])[0][0].payer == 3
    assert gathered(strangers() + [bill | {"outcome": "declined"} for bill in bills], [])[0][0].payer == 0


def test_devices_are_crowded_from_three_accounts_on(gathered: World) -> None:
    devices = ["one", "one", "one", "two", "two", "own", None]
    events = [{"account_id": f"m{i}", "src": "signup", "device_key": device} for i, device in enumerate(devices)]
    (found,), _ = gathered(strangers() + events, [])
    assert (found.devices, found.crowded) == (6, 3)


def test_an_office_is_where_most_members_mostly_are(gathered: World) -> None:
    def office(mostly: int) -> int:
        events = []
        for i in range(6):
            there = 4 if i < mostly else 2
            events += requests(f"m{i}", there, ip_prefix=f"exit {i % 2}") + requests(f"m{i}", 1, ip_prefix="exit 0")
            events += requests(f"m{i}", 1, ip_prefix="exit 1") + requests(f"m{i}", 6 - there, ip_prefix=f"home {i}")
        return gathered(strangers() + events, [])[0][0].office

    assert office(6) == 6
    assert office(4) == 4
    assert (
        gathered(strangers() + requests("m0", ip_prefix="one") + requests("m1", ip_prefix="two"), [])[0][0].office == 0
    )


def test_a_task_in_unknown_words_is_untold(gathered: World) -> None:
    events = [
        event for task in ("stem", "coding", "chat", None) for event in requests("m0", 2, system_hash="s", task=task)
    ]
    (found,), _ = gathered(strangers() + events + requests("m1", 1, system_hash="s"), [("prompt", "system", "s", 2)])
    assert (found.carried, found.untold, found.carried_capability) == (9, 5, 2)


def test_what_nobody_shows_is_unknown(gathered: World) -> None:
    _, outside = gathered(strangers() + requests("m0", task="t17"), [])
    assert (outside.tasks, outside.payments, outside.programs) == (False, False, False)
    assert outside.lengths
    shown = [
        {"account_id": "m0", "src": "signup", "program": "free_trial"},
        {"account_id": "o1", "src": "payment", "outcome": "succeeded"},
    ]
    _, outside = gathered(strangers() + shown + requests("o2", 1, task="Code review"), [])
    assert (outside.tasks, outside.payments, outside.programs) == (True, True, True)


def test_habits_are_shares_of_requests_whose_task_is_told(gathered: World) -> None:
    mixed = requests("p", 2, task="coding") + requests("p", 2, task="chat") + requests("p", 2)
    _, outside = gathered(strangers(3) + mixed + requests("m0"), [])
    assert outside.capability.tolist() == [0.5]
    assert len(outside.output) == 4
