from datetime import timedelta

import pytest

from pipeline.lake import Lake
from pipeline.matching import watching
from pipeline.matching.watching import Watching, load
from tests.pipeline.filled import START
from tests.pipeline.watched import decide, write_run

VERDICTS = {"op_d": "distillation", "op_t": "trial_abuse", "op_r": "resale", "op_o": "organisation"}
KEYS = [(uid, "card", f"card of {uid}") for uid in VERDICTS]


@pytest.fixture
def lake(tmp_path) -> Lake:
    return Lake.create(tmp_path / "lake", "check")


def watched(lake: Lake) -> set[str]:
    found = load(lake)
    return set(found.kinds["card"].rows["cluster_uid"].to_pylist()) if found.kinds else set()


def test_the_accused_of_the_newest_run_are_watched_and_their_members_known(lake) -> None:
    assert load(lake).kinds == {}
    write_run(lake, "old", {"op_x": "distillation"}, [("op_x", "card", "x")])
    members = {"a": "op_d", "b": "op_o"}
    write_run(lake, "new", VERDICTS, KEYS, members, started_at=START + timedelta(hours=1))
    write_run(lake, "past", {}, [], as_of=START, started_at=START + timedelta(hours=2))
    found = load(lake)
    assert (found.run_id, found.members, watched(lake)) == ("new", {"a": "op_d"}, {"op_d", "op_t"})


def test_an_investigators_last_word_counts_more_than_the_verdict(lake) -> None:
    write_run(lake, "run", VERDICTS, KEYS)
    for uid, words in {"op_d": "benign", "op_r": "true_positive", "op_t": "suspicious"}.items():
        decide(lake, uid, words)
    assert watched(lake) == {"op_r", "op_t"}
    decide(lake, "op_d", "true_positive", START + timedelta(hours=1))
    decide(lake, "op_r", "false_positive", START + timedelta(hours=1))
    assert watched(lake) == {"op_d", "op_t"}


def test_a_key_of_many_members_is_listed_once(lake) -> None:
    write_run(
        lake, "run", {"op_d": "distillation"}, [("op_d", "card", "c"), ("op_d", "card", "c"), ("op_d", "ip", "i")]
    )
    assert {kind: keys.rows.num_rows for kind, keys in load(lake).kinds.items()} == {"card": 1, "ip": 1}


def test_a_new_run_or_word_is_noticed_and_a_damaged_run_changes_nothing(lake, monkeypatch, caplog) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.0)
    ours = Watching(lake)
    assert ours.now().kinds == {}
    write_run(lake, "run", VERDICTS, KEYS)
    first = ours.now()
    assert (first.run_id, ours.now() is first) == ("run", True)
    decide(lake, "op_d", "benign")
    assert ours.now().kinds["card"].rows["cluster_uid"].to_pylist() == ["op_t"]
    write_run(lake, "torn", VERDICTS, KEYS, started_at=START + timedelta(hours=1))
    lake.run_file("torn", "watched_keys").write_bytes(b"")
    assert (ours.now().run_id, ours.now().run_id) == ("run", "run")
    assert caplog.text.count("watched_keys.parquet is not the file that run torn wrote") == 1
    write_run(lake, "whole", VERDICTS, KEYS, started_at=START + timedelta(hours=2))
    assert ours.now().run_id == "whole"


def test_between_two_looks_the_lake_is_left_alone(lake, monkeypatch) -> None:
    ours = Watching(lake)
    assert ours.now().kinds == {}
    write_run(lake, "run", VERDICTS, KEYS)
    assert ours.now().kinds == {}
