import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.privacy.email import Email, canonical


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ann99@example.org", Email("ann99@example.org", "ann99", "example.org", "aaa99")),
        ("  Ann.Doe+news@Example.ORG ", Email("ann.doe@example.org", "ann.doe", "example.org", "aaa.aaa")),
        ("a.n.n+x@gmail.com", Email("ann@gmail.com", "ann", "gmail.com", "aaa")),
        ("A.nn@GoogleMail.com", Email("ann@googlemail.com", "ann", "googlemail.com", "aaa")),
        ("+tag@example.org", Email("+tag@example.org", "+tag", "example.org", "+aaa")),
        ("...@gmail.com", Email("...@gmail.com", "...", "gmail.com", "...")),
        ("a@b@example.org", Email("a@b@example.org", "a@b", "example.org", "a@a")),
        ("no address", Email("no address", "no address", None, "aa aaaaaaa")),
        ("ann@", Email("ann@", "ann", None, "aaa")),
        ("@example.org", Email("@example.org", "", "example.org", "")),
        ("", Email("", "", None, "")),
        ("élodie@example.org", Email("élodie@example.org", "élodie", "example.org", "aaaaaa")),
        ("हिन्दी@example.org", Email("हिन्दी@example.org", "हिन्दी", "example.org", "a?a?a?")),
        ("a\x1b[2Jb@example.org", Email("a\x1b[2jb@example.org", "a\x1b[2jb", "example.org", "a?[9aa")),
        ("a" * 100 + "@example.org", Email("a" * 100 + "@example.org", "a" * 100, "example.org", "a" * 64)),
    ],
)
def test_canonical_form_and_shape(written, expected):
    assert canonical(written) == expected


@given(st.text())
def test_a_shape_holds_no_letter_or_digit_of_the_address(text):
    shape = canonical(text).shape
    assert {c for c in shape if c.isalnum()} <= {"a", "9"}
    assert shape.isascii()
    assert len(shape) <= 64


@given(st.from_regex(r"[a-z0-9]{1,10}", fullmatch=True), st.from_regex(r"[a-z0-9.]{0,10}", fullmatch=True))
def test_tags_change_nothing(local, tag):
    assert canonical(f"{local}+{tag}@example.org") == canonical(f"{local}@example.org")
