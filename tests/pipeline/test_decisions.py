from datetime import timedelta

from pipeline.decisions import last_words
from pipeline.lake import Lake
from tests.pipeline.filled import START
from tests.pipeline.watched import decide


def test_the_last_word_on_a_cluster_counts_and_an_instant_hears_no_later_ones(tmp_path) -> None:
    lake = Lake.create(tmp_path / "lake", "check")
    assert last_words(lake) == {}
    later = START + timedelta(hours=1)
    decide(lake, "op_a", "benign", later)
    decide(lake, "op_a", "true_positive")
    decide(lake, "op_b", "suspicious")
    words = {uid: word.disposition for uid, word in last_words(lake).items()}
    assert words == {"op_a": "benign", "op_b": "suspicious"}
    assert {uid: word.disposition for uid, word in last_words(lake, later).items()}["op_a"] == "true_positive"
    assert last_words(lake, START) == {}
