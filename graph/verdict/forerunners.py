"""Groups in an accused cluster that owe nothing to the rest of it, and are judged by themselves.

Whoever replays the prompts of a company comes second, and may come close enough to be taken for a part of it. What such
followers are (banned, prepaid, on free trials) says nothing of the people whom they follow. So a group in which all
that a member took up was there in the group before answers for itself alone.
"""

import duckdb
import networkx as nx
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

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
    sizes = np.bincount(labels[labels >= 0])
    for place, group in enumerate(first_groups(edges["source"], edges["target"], len(labels))):
        if len(group) < sizes[labels[group[0]]]:
            groups[group] = place
    return groups


def first_groups(source: Ints, target: Ints, accounts: int) -> list[list[int]]:
    """Groups of accounts, with all from whom they can be reached, that no other group reaches.

    `target[i]` owes to `source[i]`. Groups are strong components: only between these a graph of objects is made.
    """
    ties = coo_array((np.ones(len(source), dtype=np.int8), (source, target)), shape=(accounts, accounts))
    part = np.asarray(connected_components(ties, connection="strong")[1], dtype=np.int64)
    grouped = set(np.flatnonzero(np.bincount(part) >= LEAST_GROUP).tolist())
    between = np.unique(np.stack([part[source], part[target]]), axis=1)
    parts = nx.DiGraph((one, other) for one, other in between.T.tolist() if one != other)
    parts.add_nodes_from(grouped)
    closed = nx.Graph()
    for group in grouped:
        before = nx.ancestors(parts, group)
        if not before & grouped:
            nx.add_path(closed, [group, *before])
            closed.add_node(group)
    found = [np.flatnonzero(np.isin(part, sorted(together))).tolist() for together in nx.connected_components(closed)]
    return sorted(found)


def _take_back(con: duckdb.DuckDBPyConnection, cleared: Ints) -> None:
    """Take from `held`, and out of degrees, what others of their clusters have from the `cleared` accounts."""
    con.register("cleared", pa.table({"a": cleared}))
    con.execute(COPIES)
    con.unregister("cleared")
    con.execute("DELETE FROM held USING copies c WHERE held.a = c.a AND held.k = c.k")
    for table in ("held", "shared"):
        con.execute(FEWER.format(table=table))
