"""What is usually done instead: the groupings that `evaluate` sets beside a link run's, on the same keys."""

from collections import Counter, defaultdict
from itertools import combinations

import networkx as nx
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph.components import components

# Kinds of key that tutorials join accounts on.
SHARED_KINDS = ("card", "device", "ip", "template")
# The usual remedy against hubs: keys that more accounts have are ignored.
USUAL_CAP = 10
# Louvain draws the order in which it visits accounts.
DRAW = 1

Groups = dict[str, str]


def by_shared_keys(account_keys: pa.Table, most: int | None = None) -> Groups:
    """Account → group: components over shared cards, devices, addresses and templates.

    `account_keys`: the run table; `most`: the cap on a key's accounts, if there is one.
    """
    rows = _shared(account_keys, SHARED_KINDS)
    if most is not None:
        rows = rows.filter(pc.field("accounts") <= most)
    named = pc.binary_join_element_wise(rows["kind"], rows["key"], " ")
    accounts, keys = (pc.dictionary_encode(column.combine_chunks()) for column in (rows["account_id"], named))
    left = accounts.indices.to_numpy().astype(np.int64)
    right = keys.indices.to_numpy().astype(np.int64) + len(accounts.dictionary)
    label = components(left, right, len(accounts.dictionary) + len(keys.dictionary))
    return {account: str(label[a]) for a, account in enumerate(accounts.dictionary.to_pylist())}


def louvain_on_addresses(account_keys: pa.Table) -> Groups:
    """Account → group: Louvain communities (Blondel and others 2008), links weighed by how many IPs two share."""
    rows = _shared(account_keys, ("ip",))
    accounts = sorted(set(rows["account_id"].to_pylist()))
    number = {account: a for a, account in enumerate(accounts)}
    holders: dict[str, list[int]] = defaultdict(list)
    for key, account in sorted(zip(rows["key"].to_pylist(), rows["account_id"].to_pylist(), strict=True)):
        holders[key].append(number[account])
    shared = Counter(pair for held in holders.values() for pair in combinations(held, 2))
    graph = nx.Graph()
    graph.add_weighted_edges_from((one, other, ips) for (one, other), ips in shared.items())
    found = nx.community.louvain_communities(graph, seed=DRAW)
    return {accounts[a]: str(group) for group, members in enumerate(found) for a in sorted(members)}


def _shared(account_keys: pa.Table, kinds: tuple[str, ...]) -> pa.Table:
    rows: pa.Table = account_keys.filter(pc.field("kind").isin(kinds) & (pc.field("accounts") > 1))
    return rows
