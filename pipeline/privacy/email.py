"""E-mail addresses in canonical form, and what of them may be kept."""

from typing import NamedTuple

DOTLESS_DOMAINS = frozenset({"gmail.com", "googlemail.com"})  # their mailboxes ignore dots
SHAPE_LENGTH = 64  # longest local part that mail allows (RFC 5321, 4.5.3.1.1)


class Email(NamedTuple):
    """Canonical address: `whole` is local@domain; without an @ the domain is None and `whole` the local part."""

    whole: str
    local: str
    domain: str | None
    shape: str


def canonical(address: str) -> Email:
    """Lower case, plus-tag removed, and dots removed where the domain ignores them."""
    local, at, domain = address.strip().lower().rpartition("@")
    if not at:
        local, domain = domain, ""
    local = local.partition("+")[0] or local
    if domain in DOTLESS_DOMAINS:
        local = local.replace(".", "") or local
    return Email(f"{local}@{domain}" if at else local, local, domain or None, _shape(local))


def _shape(local: str) -> str:
    return "".join(map(_shape_of, local[:SHAPE_LENGTH]))


def _shape_of(character: str) -> str:
    """Letters as a, digits as 9, ASCII punctuation as it is; the rest, vowel signs and such, would tell words."""
    if character.isalpha():
        return "a"
    if character.isdigit():
        return "9"
    return character if character.isascii() and character.isprintable() else "?"
