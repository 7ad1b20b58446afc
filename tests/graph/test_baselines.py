from itertools import count

import pyarrow as pa

from graph.baselines import Groups, by_shared_keys, louvain_on_addresses


def keys(*holders: tuple[str, str, str]) -> pa.Table:
    """Rows of account_keys: (kind, key, accounts by letter)."""
    rows = [
        {"account_id": account, "kind": kind, "key": key, "accounts": len(accounts)}
        for kind, key, accounts in holders
        for account in accounts
    ]
    return pa.Table.from_pylist(rows)


def sets(groups: Groups) -> set[str]:
    named: dict[str, str] = {}
    for account, group in groups.items():
        named[group] = named.get(group, "") + account
    return {"".join(sorted(members)) for members in named.values()}


def test_components_join_over_different_kinds_and_only_over_shared_ones() -> None:
    found = by_shared_keys(keys(("card", "1", "ab"), ("ip", "9", "bc"), ("device", "x", "de"), ("template", "t", "f")))
    assert sets(found) == {"abc", "de"}


def test_the_same_text_of_two_kinds_is_two_keys() -> None:
    assert sets(by_shared_keys(keys(("card", "1", "ab"), ("device", "1", "cd")))) == {"ab", "cd"}


def test_kinds_that_nobody_joins_on_are_left_alone() -> None:
    assert by_shared_keys(keys(("client", "1", "ab"), ("slot", "2", "bc"))) == {}


def test_a_cap_leaves_hubs_out() -> None:
    rows = keys(("ip", "hub", "abcd"), ("card", "1", "ab"))
    assert sets(by_shared_keys(rows)) == {"abcd"}
    assert sets(by_shared_keys(rows, most=3)) == {"ab"}


def test_louvain_parts_two_crowds_that_one_address_joins() -> None:
    number = count()
    crowds = [("ip", str(next(number)), one + other) for crowd in ("abcd", "efgh") for one in crowd for other in crowd]
    rows = keys(*(row for row in crowds if row[2][0] < row[2][1]), ("ip", "bridge", "ae"))
    assert sets(louvain_on_addresses(rows)) == {"abcd", "efgh"}
    assert sets(by_shared_keys(rows)) == {"abcdefgh"}


def test_louvain_of_nothing_shared_is_nothing() -> None:
    assert louvain_on_addresses(keys(("ip", "1", "a"))) == {}
