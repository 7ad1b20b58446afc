"""Groups in an accused cluster that owe nothing to the rest of it, and are judged by themselves.

Whoever replays the prompts of a company comes second, and may come close enough to be taken for a part of it. What such
followers are (banned, prepaid, on free trials) says nothing of the people whom they follow. So a group in which all
that a member took up was there in the group before answers for itself alone.
"""

import duckdb
import networkx as nx
import numpy as np
import pyarrow as pa

from graph.candidates import Membership
from graph.membership import settle
from graph.null import Bools, Floats, Ints
from graph.signals.signal import CIRCUMSTANTIAL, TOUCHABLE
from graph.verdict.judged import Judged, judge_clusters

# A single account that takes up nothing needs no protection here: no cluster admits it (see membership).
LEAST_GROUP = 2

# Who of a cluster was first with each of its own keys, and who came later; where possession cannot be brought about
# from outside, both are bound to each other. A key is the cluster's own where most who hold it are members. A
# conversation passed on is his who opened it, though others passed it on.
OWN = """
    CREATE OR REPLACE TEMP TABLE own AS
    WITH kept AS (
        SELECT m.c, o.k, s.kind, s.key, list_contains($touchable, o.family) AS touchable
        FROM (SELECT DISTINCT c FROM member) m JOIN owned o USING (c) JOIN shared s USING (k)
        WHERE list_contains($accused, m.c) AND o.n > 1 AND 2 * o.n > o.degree
          AND NOT list_contains($circumstances, o.family)
    ), had AS (
        SELECT c, k, touchable, a, first_seen FROM kept JOIN held USING (k)
        UNION
        SELECT c, k, true, a, w.first_seen FROM kept
        JOIN showed w ON w.kind = 'conversation' AND w.key = kept.key JOIN account USING (account_id)
        WHERE kept.kind IN ('failover', 'handover')
    ), came AS (
        SELECT c, k, touchable, a, first_value(a) OVER earliest AS first,
               first_seen > min(first_seen) OVER earliest AS later
        FROM had WINDOW earliest AS (PARTITION BY c, k ORDER BY first_seen, a)
    )
    SELECT came.* FROM came JOIN member x USING (a, c) JOIN member y ON y.a = came.first AND y.c = came.c"""

OWING = """
    SELECT first AS source, a AS target FROM own WHERE a <> first AND (later OR NOT touchable)
    UNION
    SELECT a, first FROM own WHERE a <> first AND NOT touchable
    ORDER BY ALL"""

# What the cleared brought up and others of their cluster took from them ties these others to nobody, and makes it no
# commoner.
COPIES = """
    CREATE OR REPLACE TEMP TABLE copies AS
    SELECT a, k FROM own
    WHERE first IN (SELECT a FROM cleared) AND a NOT IN (SELECT a FROM cleared)"""

FEWER = """
    UPDATE {table} SET degree = degree - n FROM (SELECT k, count(*) AS n FROM copies GROUP BY k) c
    WHERE c.k = {table}.k"""


def set_apart(con: duckdb.DuckDBPyConnection, labels: Ints, found: Membership, conduct: Floats, tied: Bools) -> Judged:
    """Give groups of forerunners that nobody would accuse alone a cluster of their own, and judge all clusters.

    `labels` and `found` as settle makes them, `conduct` and `tied` as it takes them.
    """
    while True:
        judged = judge_clusters(con, labels, found)
        groups = forerunners(con, labels, judged.accused())
        if groups.max(initial=-1) < 0:
            return judged
        alone = labels.max() + 1
        apart, candidates = settle(con, np.where(groups >= 0, groups + alone, labels), conduct, tied)
        guilty = judge_clusters(con, apart, candidates).accused()
        cleared = (apart >= alone) & ~np.isin(apart, guilty)
        if cleared.any():
            _take_back(con, np.flatnonzero(cleared))
        labels, found = settle(con, np.where(cleared, apart, labels), conduct, tied)
        if not cleared.any():
            return judge_clusters(con, labels, found)


def forerunners(con: duckdb.DuckDBPyConnection, labels: Ints, accused: list[int]) -> Ints:
    """Every account's group of forerunners in an accused cluster, or -1.

    The groups are the least that are bound together in themselves and took up nothing from the rest of the cluster.
    """
    con.execute(
        OWN,
        {"accused": accused, "touchable": sorted(TOUCHABLE), "circumstances": sorted(CIRCUMSTANTIAL)},
    )
    edges = con.sql(OWING).fetchnumpy()
    groups = np.full(len(labels), -1, dtype=np.int64)
    graph = nx.DiGraph(zip(edges["source"].tolist(), edges["target"].tolist(), strict=True))
    sizes = np.bincount(labels[labels >= 0])
    for place, group in enumerate(first_groups(graph)):
        if len(group) < sizes[labels[group[0]]]:
            groups[group] = place
    return groups


def first_groups(graph: nx.DiGraph) -> list[list[int]]:
    """Groups of nodes, with all from whom they can be reached, that no other group reaches."""
    parts = nx.condensation(graph)
    grouped = {part for part, members in parts.nodes(data="members") if len(members) >= LEAST_GROUP}
    closed = nx.Graph()
    for part in grouped:
        before = nx.ancestors(parts, part)
        if not before & grouped:
            nx.add_path(closed, [part, *before])
            closed.add_node(part)
    return [
        sorted(account for part in together for account in parts.nodes[part]["members"])
        for together in sorted(map(sorted, nx.connected_components(closed)))
    ]


def _take_back(con: duckdb.DuckDBPyConnection, cleared: Ints) -> None:
    """Take from `held`, and out of degrees, what others of their clusters have from the `cleared` accounts."""
    con.register("cleared", pa.table({"a": cleared}))
    con.execute(COPIES)
    con.unregister("cleared")
    con.execute("DELETE FROM held USING copies c WHERE held.a = c.a AND held.k = c.k")
    for table in ("held", "shared"):
        con.execute(FEWER.format(table=table))
