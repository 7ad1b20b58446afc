"""Attacker-written text, made fit for any receiver: one line, nothing invisible, bounded length."""

import unicodedata

# Control, format (bidi, zero width), surrogate, private and unassigned code points, line and paragraph separators.
UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean(text: str, limit: int) -> str:
    """`text` on one line of at most `limit` characters; unsafe characters become one space, a cut shows as `…`."""
    safe = "".join(" " if unicodedata.category(c) in UNSAFE else c for c in text)
    line = " ".join(safe.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
