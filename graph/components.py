"""Components of the linked accounts, and what holds each together."""

from itertools import pairwise

import networkx as nx
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from graph.null import Bools, Ints

# A bridge is cut when it alone joins two groups of at least so many: two accounts may well hang on one link, two
# groups that share nothing else are two groups.
GROUP = 3


def components(left: Ints, right: Ints, accounts: int) -> Ints:
    """Label of every account; accounts without a link have labels of their own."""
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(accounts, accounts))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def join(labels: Ints, one: Ints, other: Ints) -> Ints:
    """`labels` with cluster `one[i]` joined to cluster `other[i]`, for all i; -1 stays -1."""
    joined = components(one, other, int(labels.max(initial=-1)) + 1)
    return np.where(labels >= 0, joined[labels], -1) if len(joined) else labels


def cut_bridges(left: Ints, right: Ints, accounts: int, firm: Bools, group: int = GROUP) -> Bools:
    """Which links to keep: all but the bridges between two groups of `group` or more that are not `firm`."""
    keep = np.ones(len(left), dtype=np.bool_)
    for links in by_component(left, right, accounts):
        if len(links) < 2 * group - 1:
            continue
        graph = nx.Graph()
        graph.add_edges_from((int(left[i]), int(right[i]), {"at": int(i)}) for i in links)
        for one, other in list(nx.bridges(graph)):
            at = graph.edges[one, other]["at"]
            graph.remove_edge(one, other)
            sides = (_reached(graph, one, group), _reached(graph, other, group))
            if min(sides) >= group and not firm[at]:
                keep[at] = False
            else:
                graph.add_edge(one, other, at=at)
    return keep


def articulation(left: Ints, right: Ints, accounts: int) -> set[int]:
    """Accounts without which their component falls apart."""
    found: set[int] = set()
    for links in by_component(left, right, accounts):
        if len(links) > 1:
            graph = nx.Graph([(int(left[i]), int(right[i])) for i in links])
            found.update(nx.articulation_points(graph))
    return found


def by_component(left: Ints, right: Ints, accounts: int) -> list[Ints]:
    """Places of the links, one array per component that has any, in order of its least link."""
    if not len(left):
        return []
    label = components(left, right, accounts)[left]
    order = np.argsort(label, kind="stable")
    ends = [0, *(np.flatnonzero(np.diff(label[order])) + 1).tolist(), len(order)]
    return [order[a:b] for a, b in pairwise(ends)]


def _reached(graph: nx.Graph, start: int, most: int) -> int:
    """How many accounts `start` reaches, counting no further than `most`."""
    seen, front = {start}, [start]
    while front and len(seen) < most:
        for other in graph[front.pop()]:
            if other not in seen:
                seen.add(other)
                front.append(other)
    return len(seen)
