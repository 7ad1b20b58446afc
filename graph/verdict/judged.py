"""Every cluster of a run with its facts and its verdict."""

from dataclasses import dataclass
from functools import cached_property

import duckdb

from graph.candidates import Membership
from graph.membership import members_of
from graph.null import Ints
from graph.verdict.facts import Facts, Outside, gather
from graph.verdict.judge import ADVERSE, Verdict, farming, judge, judge_one


@dataclass(frozen=True)
class Judged:
    """The clusters of a run, in order.

    `labels[a]`: account a's cluster, or -1; `found`: the candidates for clusters; `places[i]`: which of them are the
    members of cluster i; `facts[i]` and `verdicts[i]` are of it, `outside` is of the accounts in none.
    """

    labels: Ints
    found: Membership
    places: list[Ints]
    facts: list[Facts]
    outside: Outside
    verdicts: list[Verdict]

    @cached_property
    def farms(self) -> list[bool]:
        """Whether each cluster is a trial farm."""
        return farming(self.facts, self.outside)

    def accused(self) -> list[int]:
        """Labels of the clusters whose verdict costs a customer something."""
        return [f.c for f, v in zip(self.facts, self.verdicts, strict=True) if v.verdict in ADVERSE]

    def verdict_with(self, i: int, weights: Ints) -> str:
        """What the verdict of cluster i were, had its members these weights by family."""
        return judge_one(self.facts[i], self.outside, weights, self.farms[i]).verdict


def judge_clusters(con: duckdb.DuckDBPyConnection, labels: Ints, found: Membership) -> Judged:
    """Judge the clusters of `labels`, which `member` and `found` have; makes the table `done` (see facts)."""
    facts, outside = gather(con)
    members = members_of(labels, found)
    verdicts = judge(facts, outside, {c: found.weights[at] for c, at in members.items()})
    return Judged(labels, found, [members[f.c] for f in facts], facts, outside, verdicts)
