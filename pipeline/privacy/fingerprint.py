"""What is kept of a prompt: MinHash slots and two hashes, by recipe `h1`, which a producer can reimplement.

Recipe h1 (all arithmetic unsigned and modulo 2^64):

1. Text. A string prompt is its own text. In a list of messages each content is a string, or a list of parts of which
   those with `type` "text" count; texts are joined with a newline. Malformed content is empty text.
2. Words. Code points U+00A0, U+2000-206F, U+3000-303F and U+FF00-FF0F become spaces. Scripts written without spaces
   (Thai to Tibetan U+0E00-0FFF, Myanmar U+1000-109F, Khmer U+1780-17FF, Kana U+3040-30FF, Han U+3400-9FFF, U+F900-FAFF,
   U+20000-3FFFF) make every code point a word. In the UTF-8 bytes (a lone surrogate is "?") A-Z become a-z, every other
   ASCII byte that is not a-z or 0-9 is a space; words are what spaces separate. No Unicode normalisation.
3. Word hash: CRC-32 (IEEE 802.3, as in zlib) of the word's bytes.
4. Constants: 36 consecutive outputs of SplitMix64 (Steele et al., OOPSLA 2014) from state 1: c[0..3], a[0..15],
   b[0..15], where every c and a then has its lowest bit set.
5. 4-gram of the word hashes w[0..3] (of a text of 1 to 3 words: one, the missing w are 0):
   x = c[0]w[0] + c[1]w[1] + c[2]w[2] + c[3]w[3];  x ^= x >> 32;  x *= 0xBF58476D1CE4E5B9;  x ^= x >> 32.
6. Slot i = (the smallest a[i]x + b[i] over all 4-grams) >> 32. A text without words has no MinHash.
7. `system_hash`: of the texts of the messages with role "system" or "developer"; `conversation_prefix_hash`: of the
   first other message with words. Each is the first 16 hex digits of the SHA-256 of the words joined with one space. A
   string prompt has neither.

The share of equal slots of two prompts estimates the Jaccard similarity of their sets of 4-grams (Broder 1997).
"""

import hashlib
import re
import zlib

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.contract.events import MINHASH_SLOTS, Message

VERSION = "h1"
NGRAM = 4
SYSTEM_ROLES = frozenset({"system", "developer"})
# Bounds the working set of the slot matrix to 1 MiB: it stays in the cache, and a 1 MiB prompt needs no more.
_BLOCK = 8192
_SPACES = re.compile("[\u00a0\u2000-\u206f\u3000-\u303f\uff00-\uff0f]")
_UNSPACED = re.compile(
    "([\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])"
)

Words = list[bytes]
Slots = tuple[int, ...]
Hashes = NDArray[np.uint64]


class Fingerprint(msgspec.Struct, frozen=True):
    """The fingerprints of one prompt; None where the prompt has no such part."""

    prompt_minhash: Slots | None
    system_hash: str | None
    conversation_prefix_hash: str | None


def fingerprint(prompt: str | list[Message]) -> Fingerprint:
    """Fingerprint a prompt, whatever it holds: never raises on content."""
    if isinstance(prompt, str):
        return Fingerprint(words_minhash(words(prompt)), None, None)
    system: Words = []
    first: Words = []
    everything: Words = []
    for message in prompt:
        turn = words(_content_text(message.content))
        everything += turn
        if message.role in SYSTEM_ROLES:
            system += turn
        elif not first:
            first = turn
    return Fingerprint(words_minhash(everything), text_hash(system), text_hash(first))


def minhash(text: str) -> Slots:
    """The 16 slots (uint32) of a text that has words; ValueError when it has none."""
    slots = words_minhash(words(text))
    if slots is None:
        raise ValueError("a text without words has no MinHash")
    return slots


def words(text: str) -> Words:
    """The words of a text, as step 2 of the recipe cuts them."""
    if not text.isascii():
        text = _UNSPACED.sub(r" \1 ", _SPACES.sub(" ", text))
    return text.encode("utf-8", "replace").translate(_FOLD).split()


def text_hash(text: Words) -> str | None:
    """Hash of a text that is compared for equality only; None without words."""
    return hashlib.sha256(b" ".join(text)).hexdigest()[:16] if text else None


def words_minhash(text: Words) -> Slots | None:
    """The 16 slots of a text given as words; None without words."""
    return hashes_minhash(word_hashes(text))


def word_hashes(text: Words) -> Hashes:
    """The hash of each word."""
    return np.fromiter(map(zlib.crc32, text), np.uint64, len(text))


def hashes_minhash(hashes: Hashes) -> Slots | None:
    """The 16 slots of a text given as its words' hashes; None without words."""
    if not len(hashes):
        return None
    if len(hashes) < NGRAM:
        hashes = np.concatenate((hashes, np.zeros(NGRAM - len(hashes), np.uint64)))
    grams = np.correlate(hashes, _POSITION, "valid")
    grams ^= grams >> _HALF
    grams *= _MIX
    grams ^= grams >> _HALF
    least = _least(grams[:_BLOCK])
    for start in range(_BLOCK, len(grams), _BLOCK):
        np.minimum(least, _least(grams[start : start + _BLOCK]), out=least)
    return tuple((least >> _HALF).tolist())


def _least(grams: Hashes) -> Hashes:
    permuted = _FACTOR * grams
    permuted += _OFFSET
    least: Hashes = permuted.min(axis=1)
    return least


def _content_text(content: msgspec.Raw) -> str:
    try:
        value = msgspec.json.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return ""
    if isinstance(value, str):
        return value
    parts = value if isinstance(value, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "text"]
    return "\n".join(text for text in texts if isinstance(text, str))


def _splitmix64(state: int, count: int) -> list[int]:
    mask = 2**64 - 1
    outputs = []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & mask
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
        outputs.append(mixed ^ (mixed >> 31))
    return outputs


def _folded(byte: int) -> int:
    character = chr(byte).lower() if byte < 0x80 else ""
    return byte if byte >= 0x80 else ord(character) if character.isalnum() else ord(" ")


_FOLD = bytes(map(_folded, range(256)))
_HALF = np.uint64(32)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_CONSTANTS = np.array(_splitmix64(1, NGRAM + 2 * MINHASH_SLOTS), np.uint64)
_POSITION = _CONSTANTS[:NGRAM] | np.uint64(1)
_FACTOR = _CONSTANTS[NGRAM : NGRAM + MINHASH_SLOTS, None] | np.uint64(1)
_OFFSET = _CONSTANTS[NGRAM + MINHASH_SLOTS :, None]
