import pyarrow as pa
import pytest

from queries.report import chart
from queries.report.chart import link_chart


def members(*accounts: str) -> pa.Table:
    row = {"confidence": 0.9, "standing": "active", "is_bridge": False, "strongest": "card"}
    return pa.Table.from_pylist([row | {"account_id": account} for account in accounts])


def links(*pairs: tuple[str, str, float]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "account_l": left,
                "account_r": right,
                "link_nats": nats,
                "signal": "card",
                "nats": nats,
                "explanation": "e",
            }
            for left, right, nats in pairs
        ]
    )


def test_each_link_says_why() -> None:
    rows = links(("a", "b", 9.0), ("a", "b", 9.0)).to_pylist()
    rows[1] |= {"signal": "ip", "nats": 2.0, "explanation": "same address"}
    made = link_chart(members("a", "b"), pa.Table.from_pylist(rows))
    assert [edge.reason for edge in made.edges] == ["a – b: 9.0 nats\ne: 9.0\nsame address: 2.0"]
    assert made.kinds == ["payment"] and made.links == 1


def test_only_the_densest_part_of_a_large_cluster_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chart, "MOST_ACCOUNTS", 2)
    made = link_chart(members("a", "b", "c"), links(("b", "c", 9.0), ("a", "b", 1.0)))
    assert {node.account for node in made.nodes} == {"b", "c"} and len(made.edges) == 1
    assert (made.accounts, made.links) == (3, 2)


def test_the_strongest_links_are_drawn_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chart, "MOST_LINKS", 1)
    made = link_chart(members("a", "b", "c"), links(("b", "c", 9.0), ("a", "b", 1.0)))
    assert [edge.ends for edge in made.edges] == ["b c"] and made.links == 2


def test_what_ties_accounts_is_drawn_before_heavier_links_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chart, "MOST_LINKS", 3)
    rows = links(("a", "b", 9.0), ("b", "c", 8.0), ("a", "c", 7.0), ("c", "d", 1.0))
    made = link_chart(members("a", "b", "c", "d"), rows)
    assert [edge.ends for edge in made.edges] == ["a b", "b c", "c d"]


def test_a_signal_that_is_no_more_has_a_colour_of_its_own() -> None:
    rows = links(("a", "b", 9.0)).to_pylist()
    made = link_chart(members("a", "b"), pa.Table.from_pylist([row | {"signal": "gone"} for row in rows]))
    assert made.kinds == ["gone"]
