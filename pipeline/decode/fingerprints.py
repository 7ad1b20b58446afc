"""Prompt fingerprints of a batch: the producer's where it sent any, ours where it sent the prompt instead."""

from collections.abc import Sequence
from typing import Any

from pipeline.privacy.fingerprint import VERSION, fingerprint

PRODUCER = "producer"
SENT = ("system_hash", "prompt_template_hash", "prompt_minhash", "conversation_prefix_hash")


def add_fingerprints(columns: dict[str, Sequence[Any]]) -> list[str | None]:
    """Fill the hash columns of rows that have a prompt and no hashes; return the recipe of every row.

    A row with neither has no recipe. A prompt that comes with hashes is ignored: the producer's word counts.
    """
    if "prompt" not in columns:
        return []
    if None not in columns["prompt_minhash"]:
        return [PRODUCER] * len(columns["prompt_minhash"])
    sent = [columns[name] for name in SENT]
    recipes: list[str | None] = [
        PRODUCER if any(value is not None for value in hashes) else None for hashes in zip(*sent, strict=True)
    ]
    rows = [row for row, prompt in enumerate(columns["prompt"]) if prompt is not None and recipes[row] is None]
    if not rows:
        return recipes
    made = {name: list(columns[name]) for name in ("prompt_minhash", "system_hash", "conversation_prefix_hash")}
    for row in rows:
        ours = fingerprint(columns["prompt"][row])
        for name, column in made.items():
            column[row] = getattr(ours, name)
        recipes[row] = VERSION
    columns.update(made)
    return recipes
