import hashlib
import hmac

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.contract.storage import Kind
from pipeline.privacy.keyfile import Key
from pipeline.privacy.tokens import Tokens
from tests.pipeline.records import KEY

TOKENS, OTHERS = Tokens(KEY), Tokens(Key(bytes(32)))
slots = arrays.arrays(np.uint32, st.tuples(st.integers(0, 5), st.just(16)))


@given(st.sampled_from(Kind), st.lists(st.text()))
def test_a_token_is_the_standard_librarys_hmac(kind, values):
    expected = [
        "v1:" + hmac.new(KEY.secret, f"{kind}\0{value}".encode(), hashlib.sha256).hexdigest()[:32] for value in values
    ]
    assert TOKENS.tokens(kind, values) == expected


def test_a_token_never_changes():
    # printf 'ip\000198.51.100.7' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102…1f
    assert TOKENS.token(Kind.IP, "198.51.100.7") == "v1:e70ef771aefb92050ad683d8cb516597"


def test_kinds_and_keys_keep_values_apart():
    made = [tokens.token(kind, "same") for tokens in (TOKENS, OTHERS) for kind in Kind]
    assert len(set(made)) == len(made)


def test_what_is_not_text_has_tokens_too():
    assert TOKENS.token("ip", "\ud800") == TOKENS.digest("ip", b"\xed\xa0\x80")
    assert TOKENS.digest("record", b"\xff") != TOKENS.digest("record", b"\xfe")


@given(slots)
def test_slots_stay_in_range_and_equal_exactly_where_they_were_equal(minhashes):
    keyed = TOKENS.slots(minhashes, "h1")
    assert keyed.shape == minhashes.shape
    assert ((keyed >= 0) & (keyed < 2**32)).all()
    assert np.array_equal(TOKENS.slots(minhashes.copy(), "h1"), keyed)
    for row, other in zip(minhashes, keyed, strict=True):
        assert np.array_equal(TOKENS.slots(row.reshape(1, 16), "h1")[0], other)


def test_slots_tell_nothing_without_the_key_and_never_match_across_places_and_recipes():
    minhashes = np.full((1, 16), 7, np.uint32)
    drawn = [
        *TOKENS.slots(minhashes, "h1").ravel(),
        *TOKENS.slots(minhashes, "producer").ravel(),
        *OTHERS.slots(minhashes, "h1").ravel(),
    ]
    assert len(set(drawn)) == len(drawn)
    assert 7 not in drawn
