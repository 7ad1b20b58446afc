"""What remains of a cluster when one family of evidence is left out."""

from collections.abc import Callable

from graph.candidates import Membership, admits
from graph.links import FAMILIES
from graph.null import Ints
from graph.signals.signal import Family


def fragility(
    found: Membership, accounts: int, members: list[Ints], verdict: Callable[[int, Ints], str]
) -> list[list[str]]:
    """Per cluster, a sentence for each family that changes members or verdict when left out.

    `members[i]`: places in `found` of the members of cluster i; `verdict(i, weights)`: its verdict when their weights
    are these.
    """
    sentences = []
    for i, home in enumerate(members):
        weights, told = found.weights[home], []
        for f, name in enumerate(FAMILIES):
            if not weights[:, f].any():
                continue
            without = weights.copy()
            without[:, f] = 0
            stay = int(admits(without, found.near[home], found.others[home], accounts).sum())
            told.append(
                f"without {Family(name)}: {stay} of {len(weights)} accounts stay, verdict {verdict(i, without)}"
            )
        sentences.append(told)
    return sentences
