"""The link chart: which accounts and links are drawn, where, and what each says when pointed at."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from graph.signals import SIGNALS
from queries.report.layout import placed

Pair = tuple[str, str]

FAMILY = {signal.kind: str(signal.family) for signal in SIGNALS}

# A browser pans this many shapes without stutter; the tables beside the report have all of them.
MOST_ACCOUNTS = 2000
MOST_LINKS = 6000
SIDE = 1000
MARGIN = 30


@dataclass(frozen=True)
class Node:
    """An account as a circle; `reason` is shown when it is pointed at."""

    account: str
    x: float
    y: float
    is_bridge: bool
    reason: str


@dataclass(frozen=True)
class Edge:
    """A link as a line, coloured by the kind of evidence that its strongest signal is."""

    ends: str
    x1: float
    y1: float
    x2: float
    y2: float
    kind: str
    width: float
    reason: str


@dataclass(frozen=True)
class Chart:
    """The drawing, and how much of the cluster it leaves out."""

    nodes: list[Node]
    edges: list[Edge]
    kinds: list[str]
    accounts: int
    links: int


def link_chart(members: pa.Table, links: pa.Table) -> Chart:
    """Chart of the rows of cluster_members and cluster_links."""
    reasons = _by_pair(links.to_pylist())
    drawn = _densest(members.to_pylist(), reasons)
    number = {member["account_id"]: at for at, member in enumerate(drawn)}
    kept = _strongest([pair for pair in reasons if pair[0] in number and pair[1] in number])
    ends = np.array([[number[left], number[right]] for left, right in kept], dtype=np.int64).reshape(-1, 2)
    weights = np.array([reasons[pair][0]["link_nats"] for pair in kept], dtype=np.float64)
    places = MARGIN + placed(len(drawn), ends, weights) * (SIDE - 2 * MARGIN)
    nodes = [_node(member, *map(float, place)) for member, place in zip(drawn, places, strict=True)]
    edges = [_edge(reasons[pair], nodes[number[pair[0]]], nodes[number[pair[1]]]) for pair in kept]
    return Chart(nodes, edges, sorted({edge.kind for edge in edges}), members.num_rows, len(reasons))


def _by_pair(rows: list[dict[str, Any]]) -> dict[Pair, list[dict[str, Any]]]:
    """Reasons of each link, the strongest first, links by weight: as cluster_links orders them."""
    found: dict[Pair, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["account_l"], row["account_r"]].append(row)
    return found


def _densest(members: list[dict[str, Any]], reasons: dict[Pair, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The members with the most weight in links, at most MOST_ACCOUNTS."""
    weight: dict[str, float] = defaultdict(float)
    for pair, rows in reasons.items():
        for account in pair:
            weight[account] += rows[0]["link_nats"]
    return sorted(members, key=lambda member: (-weight[member["account_id"]], member["account_id"]))[:MOST_ACCOUNTS]


def _strongest(pairs: list[Pair]) -> list[Pair]:
    """At most MOST_LINKS of `pairs`, which come by weight: what holds the drawing together, then the heaviest."""
    kept = set(_forest(pairs)[:MOST_LINKS])
    for pair in pairs:
        if len(kept) == min(MOST_LINKS, len(pairs)):
            break
        kept.add(pair)
    return [pair for pair in pairs if pair in kept]


def _forest(pairs: list[Pair]) -> list[Pair]:
    """Heaviest links that tie all accounts which `pairs` tie (Kruskal 1956): without them a cluster looks in pieces."""
    above: dict[str, str] = {}

    def top(account: str) -> str:
        while (higher := above.setdefault(account, account)) != account:
            above[account] = account = above[higher]
        return account

    made = []
    for left, right in pairs:
        one, other = top(left), top(right)
        if one != other:
            above[one] = other
            made.append((left, right))
    return made


def _node(member: dict[str, Any], x: float, y: float) -> Node:
    said = [member["account_id"], f"membership {member['confidence']:.2f}", member["standing"] or ""]
    if member["is_bridge"]:
        said.append("bridge: the cluster falls apart without it")
    said.append(member["strongest"] or "")
    return Node(member["account_id"], round(x, 1), round(y, 1), member["is_bridge"], "\n".join(filter(None, said)))


def _edge(rows: list[dict[str, Any]], left: Node, right: Node) -> Edge:
    said = [f"{left.account} – {right.account}: {rows[0]['link_nats']:.1f} nats"]
    said += [f"{row['explanation']}: {row['nats']:.1f}" for row in rows]
    width = round(min(6.0, 0.6 + rows[0]["link_nats"] / 8), 2)
    ends = f"{left.account} {right.account}"
    kind = FAMILY.get(rows[0]["signal"], rows[0]["signal"])
    return Edge(ends, left.x, left.y, right.x, right.y, kind, width, "\n".join(said))
