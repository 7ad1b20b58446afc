"""What remains of a cluster when one family of evidence is left out."""

from graph.candidates import admits
from graph.links import FAMILIES
from graph.signals.signal import Family
from graph.verdict.judged import Judged


def fragility(judged: Judged) -> list[list[str]]:
    """Per cluster, a sentence for each family that changes members or verdict when left out."""
    sentences = []
    found, accounts = judged.found, len(judged.labels)
    for i, home in enumerate(judged.places):
        weights, told = found.weights[home], []
        for f, name in enumerate(FAMILIES):
            if not weights[:, f].any():
                continue
            without = weights.copy()
            without[:, f] = 0
            stay = int(admits(without, found.near[home], found.others[home], accounts).sum())
            verdict = judged.verdict_with(i, without)
            told.append(f"without {Family(name)}: {stay} of {len(weights)} accounts stay, verdict {verdict}")
        sentences.append(told)
    return sentences
