"""Text for a terminal: attacker-written strings lose what could move the cursor, hide text or forge lines."""

import unicodedata

# Cc and Cf hold control codes (CR, LF, ESC) and the bidi overrides; Cs, Co and Zl/Zp never belong on one line.
UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def plain(text: str) -> str:
    """`text` on one line, unsafe characters written as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(c) if unicodedata.category(c) in UNSAFE else c for c in text)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
