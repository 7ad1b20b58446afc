import json
import random
import time
import zlib

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.events import Message
from pipeline.privacy.fingerprint import Fingerprint, fingerprint, minhash, words

FOX = "The quick brown fox jumps over the lazy dog."


def message(role, content):
    return Message(role, msgspec.Raw(json.dumps(content).encode()))


def reference_slots(text):
    """The recipe again, in plain integers, as its docstring words it."""
    mask, state, constants = 2**64 - 1, 1, []
    for _ in range(36):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & mask
        constants.append(z ^ z >> 31)
    c, a, b = [k | 1 for k in constants[:4]], [k | 1 for k in constants[4:20]], constants[20:]
    hashes = [zlib.crc32(word) for word in words(text)]
    grams = [hashes[i : i + 4] for i in range(max(1, len(hashes) - 3))]
    slots = []
    for i in range(16):
        values = []
        for gram in grams:
            x = sum(ci * wi for ci, wi in zip(c, gram, strict=False)) & mask
            x ^= x >> 32
            x = x * 0xBF58476D1CE4E5B9 & mask
            x ^= x >> 32
            values.append((a[i] * x + b[i]) & mask)
        slots.append(min(values) >> 32)
    return tuple(slots)


# Test vectors for whoever reimplements the recipe.
VECTORS = {
    "hi": (
        1858902272,
        1965133432,
        1849664938,
        2910406964,
        3242412962,
        3775164612,
        520761322,
        465130145,
        330577795,
        2104829507,
        4082521257,
        3951409352,
        3876571069,
        952591094,
        504730047,
        3813015336,
    ),
    FOX: (
        124080421,
        33844138,
        1036003983,
        1089507284,
        450613546,
        252449062,
        1276977981,
        857885535,
        238887699,
        452248471,
        1101597774,
        277351213,
        1816348351,
        99139131,
        1461093520,
        1443923689,
    ),
    "请把下面的句子翻译成英文": (
        164591634,
        217019469,
        671389776,
        240795238,
        1257584769,
        124737744,
        911430488,
        544545716,
        723729167,
        980846941,
        94863588,
        32209231,
        422464057,
        411708320,
        333243411,
        278109669,
    ),
}


@pytest.mark.parametrize(("text", "expected"), VECTORS.items())
def test_vectors(text, expected):
    assert minhash(text) == expected


@given(st.text(min_size=1, max_size=200))
def test_equals_the_recipe_in_plain_integers(text):
    if words(text):
        assert minhash(text) == reference_slots(text)
    else:
        assert fingerprint(text) == Fingerprint(None, None, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't STOP—now", [b"don", b"t", b"stop", b"now"]),
        ("naïve\u00a0Ünit", ["naïve".encode(), "Ünit".encode()]),
        ("你好,world", ["你".encode(), "好".encode(), b"world"]),
        ("\ud800x", [b"x"]),
        (" .,!\n", []),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


def test_case_space_and_punctuation_do_not_count():
    assert minhash(FOX) == minhash("the QUICK\tbrown fox -- jumps over (the) lazy dog")


@given(st.integers(20, 300), st.floats(0, 1), st.integers(0, 2**32))
def test_equal_slots_estimate_jaccard(length, kept, seed):
    rng = random.Random(seed)
    shared = [f"w{rng.getrandbits(40):x}" for _ in range(int(length * kept) + 4)]
    left, right = ([f"w{rng.getrandbits(40):x}" for _ in range(length)] for _ in "lr")
    estimates, truths = [], []
    for turn in range(16):  # 16 texts of 16 slots: 256 draws, so the standard error is at most .032
        texts = [[f"{word}{turn}" for word in (*shared, *own)] for own in (left, right)]
        slots = [minhash(" ".join(text)) for text in texts]
        sets = [{tuple(text[i : i + 4]) for i in range(len(text) - 3)} for text in texts]
        estimates.append(np.mean([a == b for a, b in zip(*slots, strict=True)]))
        truths.append(len(sets[0] & sets[1]) / len(sets[0] | sets[1]))
    assert abs(np.mean(estimates) - np.mean(truths)) < 0.16  # five standard errors


def test_slots_of_different_texts_never_agree_by_chance():
    seen = [set() for _ in range(16)]
    for number in range(2000):
        for slot, value in enumerate(minhash(f"a{number} b{number} c{number} d{number}")):
            seen[slot].add(value)
    assert min(map(len, seen)) > 1997


def test_messages():
    turns = [
        message("system", "You are a helpful assistant."),
        message("user", [{"type": "text", "text": FOX}, {"type": "image", "source": "…"}]),
        message("assistant", "It does."),
        message("user", "Again!"),
    ]
    result = fingerprint(turns)
    assert result.system_hash == "537e731c3d82b8f3"
    assert result.conversation_prefix_hash == "05c6e08f1d9fdafa"
    assert result.prompt_minhash == minhash(f"You are a helpful assistant.\n{FOX}\nIt does.\nAgain!")
    assert fingerprint(turns[:2]).conversation_prefix_hash == result.conversation_prefix_hash
    assert fingerprint([message("developer", "You are a helpful assistant.")]).system_hash == result.system_hash


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"7",
        b'{"type":"text","text":"x"}',
        b'[{"type":"text","text":5},[],null,{"type":[]}]',
        b"[" * 100_000,
        b'"\xff"',
        b'"\\ud800"',
        b"[{",
        b"1e999",
        b'[{"text":"no type"}]',
    ],
)
def test_malformed_content_is_empty_text(content):
    assert fingerprint([Message("user", msgspec.Raw(content))]) == Fingerprint(None, None, None)


@given(st.binary(max_size=60))
def test_no_content_raises(content):
    fingerprint([Message("user", msgspec.Raw(content)), message("user", "hello there")])


@pytest.mark.parametrize("text", ["a " * 2**19, "a" * 2**20, "好" * (2**20 // 3), "\u0301\u0323" * 2**18])
def test_a_prompt_of_a_mebibyte_is_bounded(text):
    began = time.process_time()
    assert len(minhash(text)) == 16
    assert time.process_time() - began < 2
