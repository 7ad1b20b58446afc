"""Clusters between which more links of one hand run than chance would lay are one."""

import numpy as np
import pytest

from graph.fusing import fuse
from graph.null import Ints
from tests.graph.test_seeds import ACCOUNTS, FAILOVER, NETWORK, scored, strangers

BOTH = {FAILOVER: 4.0, NETWORK: 3.1}


def labels(*groups: range) -> Ints:
    """Two clusters, and twenty of three accounts beside them."""
    made = np.full(ACCOUNTS, -1, dtype=np.int64)
    for c, group in enumerate([*groups, *(range(i, i + 3) for i in range(240, 300, 3))]):
        made[group] = c
    return made


SMALL = labels(range(5), range(10, 15))
LARGE = labels(range(120), range(120, 240))


@pytest.mark.parametrize(
    ("before", "links", "fused"),
    [
        (SMALL, [(0, 10), (1, 11), (2, 12)], True),
        (SMALL, [], False),
        (SMALL, [(0, 10), (0, 11), (0, 12)], False),  # one account's links are one
        (LARGE, [(0, 120)], False),
        (LARGE, [(i, 120 + i) for i in range(20)], True),
    ],
)
def test_clusters_fuse_where_their_links_are_beyond_chance(
    before: Ints, links: list[tuple[int, int]], fused: bool
) -> None:
    after = fuse(scored(strangers() | dict.fromkeys(links, BOTH)), before)
    one, other = (after[before == c] for c in (0, 1))
    assert (one[0] == other[0]) == fused
    assert len(np.unique(after)) == len(np.unique(before)) - fused
