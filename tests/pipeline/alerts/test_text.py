from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerts.text import UNSAFE, clean


def test_control_codes_bidi_and_newlines_are_gone():
    assert clean("a\x1b[31mb\r\nc‮d​e\u2028f", 100) == "a [31mb c d e f"


def test_a_cut_shows():
    assert clean("abcdef", 4) == "abc…"
    assert clean("abcd", 4) == "abcd"


@given(st.text(), st.integers(1, 50))
def test_any_text_becomes_one_safe_line_of_bounded_length(text, limit):
    import unicodedata

    line = clean(text, limit)
    assert len(line) <= limit
    assert not any(unicodedata.category(c) in UNSAFE for c in line)
