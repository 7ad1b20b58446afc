import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graph.components import articulation, components, cut_bridges

EDGES = st.sets(st.tuples(st.integers(0, 24), st.integers(0, 24)).filter(lambda e: e[0] < e[1]), max_size=60)


def arrays(edges: set[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.array(sorted(edges), dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


@given(EDGES)
def test_components_are_those_of_networkx(edges: set[tuple[int, int]]) -> None:
    left, right = arrays(edges)
    label = components(left, right, 25)
    graph = nx.Graph(list(edges))
    graph.add_nodes_from(range(25))
    found = {frozenset(np.flatnonzero(label == c).tolist()) for c in np.unique(label)}
    assert found == {frozenset(c) for c in nx.connected_components(graph)}


@given(EDGES)
def test_articulation_points_are_those_of_networkx(edges: set[tuple[int, int]]) -> None:
    left, right = arrays(edges)
    assert articulation(left, right, 25) == set(nx.articulation_points(nx.Graph(list(edges))))


def test_the_one_bridge_between_two_groups_is_cut_and_a_lone_follower_is_not() -> None:
    edges = {(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5), (2, 3), (5, 6)}
    left, right = arrays(edges)
    keep = cut_bridges(left, right, 7, np.zeros(len(left), dtype=np.bool_))
    cut = {(int(a), int(b)) for a, b, k in zip(left, right, keep, strict=True) if not k}
    assert cut == {(2, 3)}


def test_a_firm_bridge_stands_and_its_firmness_is_nobody_elses() -> None:
    edges = {(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5), (2, 3), (5, 6), (6, 7), (6, 8), (7, 8)}
    left, right = arrays(edges)
    keep = cut_bridges(left, right, 9, (left == 2) & (right == 3))
    cut = {(int(a), int(b)) for a, b, k in zip(left, right, keep, strict=True) if not k}
    assert cut == {(5, 6)}


@given(EDGES)
def test_only_bridges_are_cut_and_no_small_group_is_cut_off(edges: set[tuple[int, int]]) -> None:
    left, right = arrays(edges)
    keep = cut_bridges(left, right, 25, np.zeros(len(left), dtype=np.bool_))
    bridges = set(nx.bridges(nx.Graph(list(edges))))
    for a, b in zip(left[~keep].tolist(), right[~keep].tolist(), strict=True):
        assert (a, b) in bridges or (b, a) in bridges
    before, after = components(left, right, 25), components(left[keep], right[keep], 25)
    split = np.flatnonzero(np.bincount(after)[after] < np.bincount(before)[before])
    assert (np.bincount(after)[after[split]] >= 3).all()
