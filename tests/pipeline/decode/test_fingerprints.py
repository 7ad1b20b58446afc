from pipeline.decode.fingerprints import SENT, add_fingerprints
from pipeline.privacy.fingerprint import VERSION, fingerprint

SLOTS = list(range(16))


def columns(*rows):
    names = (*SENT, "prompt")
    return {name: tuple(row.get(name) for row in rows) for name in names}


def test_the_producers_word_counts_and_ours_fills_what_has_none():
    sent = columns(
        {"prompt_minhash": SLOTS},
        {"system_hash": "s", "prompt": "one two three four"},
        {"prompt": "one two three four"},
        {"prompt": "..."},
        {},
    )
    assert add_fingerprints(sent) == ["producer", "producer", VERSION, VERSION, None]
    ours = fingerprint("one two three four")
    assert sent["prompt_minhash"] == [SLOTS, None, ours.prompt_minhash, None, None]
    assert sent["system_hash"] == [None, "s", None, None, None]


def test_rows_that_all_have_slots_are_left_as_they_are():
    sent = columns({"prompt_minhash": SLOTS, "prompt": "x"}, {"prompt_minhash": SLOTS})
    before = dict(sent)
    assert add_fingerprints(sent) == ["producer", "producer"]
    assert sent == before


def test_topics_without_prompts_have_no_recipes():
    assert add_fingerprints({"event_id": ("a",)}) == []
