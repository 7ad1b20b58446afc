import pytest

from pipeline.errors import UsageError
from pipeline.lake import Lake
from queries.casefile.publish import publish
from queries.cli import main
from queries.commands.decide import DISPOSITIONS
from queries.decisions import LONGEST_REASON, Disposition, decide
from queries.sandbox import Limits, open_case


def test_a_decision_is_appended_and_shown_after_publish(landed: Lake) -> None:
    decide(landed, "op_1", Disposition.SUSPICIOUS, "first look", "ana")
    decide(landed, "op_1", Disposition.TRUE_POSITIVE, "confirmed by hand", "ben")
    publish(landed)
    with open_case(landed.root, Limits()) as connection:
        told = connection.execute("SELECT decided_by FROM decisions WHERE cluster_uid = 'op_1' ORDER BY decided_at")
        assert told.fetchall() == [("ana",), ("ben",)]
        last = connection.execute("SELECT disposition FROM cluster_overview ORDER BY cluster_uid")
        assert last.fetchall() == [("true_positive",), ("benign",)]


def test_an_unknown_cluster_is_refused_with_the_near_one(landed: Lake) -> None:
    with pytest.raises(UsageError, match=r"no cluster 'op_11'.*op_1"):
        decide(landed, "op_11", Disposition.BENIGN, "x", "ana")


@pytest.mark.parametrize("reason", ["", "  ", "x" * (LONGEST_REASON + 1)])
def test_a_reason_is_needed(landed: Lake, reason: str) -> None:
    with pytest.raises(UsageError, match="reason"):
        decide(landed, "op_1", Disposition.BENIGN, reason, "ana")


def test_the_command_offers_every_disposition() -> None:
    assert set(DISPOSITIONS) == set(Disposition)


def test_the_command_says_what_was_decided(landed: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["decide", "op_2", "--disposition", "benign", "--reason", "a customer", "--by", "ana\x1b[2J"]
    assert main([*words, "--lake", str(landed.root)]) == 0
    assert capsys.readouterr().out == "op_2: benign, decided by ana\\x1b[2J; shown after publish\n"
