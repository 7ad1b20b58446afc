from datetime import timedelta

import pytest

from pipeline.errors import LakeError
from pipeline.lake import Lake
from pipeline.landing import transforms
from pipeline.matching import watching
from pipeline.privacy.tokens import Tokens
from tests.pipeline.filled import START
from tests.pipeline.landed import directory, drained, job, rows
from tests.pipeline.records import KEY, event
from tests.pipeline.watched import write_run

TOPIC = "account.signup.v1"


@pytest.fixture
def landing(tmp_path):
    """A job over two files of sign-ups, every third of each on a watched device."""
    for file in "ab":
        (tmp_path / "files" / TOPIC).mkdir(parents=True, exist_ok=True)
        lines = [
            event("signup", event_id=f"{file}{n}", account_id=f"{file}{n}", device_id="d" if n % 3 == 0 else f"{n}")
            for n in range(30)
        ]
        (tmp_path / "files" / TOPIC / f"{file}.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    made = job(tmp_path / "lake", directory(tmp_path / "files", poll_records=4), commit_records=10)
    write_run(made.lake, "run-1", {"op_1": "distillation"}, [("op_1", "device", Tokens(KEY).token("device", "d"))])
    return made


TOUCHED = sorted(f"{file}{n}" for file in "ab" for n in range(0, 30, 3))


def matched(lake: Lake) -> list[str]:
    return sorted(str(row["event_id"]) for row in rows(lake, "matches"))


def test_events_that_touch_an_operator_land_with_a_match_each(landing):
    drained(landing)
    assert matched(landing.lake) == TOUCHED
    signups = {row["event_id"]: row for row in rows(landing.lake, "signup")}
    for row in rows(landing.lake, "matches"):
        assert row | signups[row["event_id"]] == signups[row["event_id"]] | row


@pytest.mark.parametrize("dies_before_commit", [0, 3])
def test_a_match_is_there_once_whenever_a_job_dies(landing, monkeypatch, dies_before_commit):
    """Between the commit of matches and that of rows, the moment that could lose or double one."""
    commits = 0
    append_rows = transforms.append_rows

    def dying(*given):
        nonlocal commits
        commits += 1
        if commits > dies_before_commit:
            raise LakeError("killed")
        return append_rows(*given)

    monkeypatch.setattr(transforms, "append_rows", dying)
    with pytest.raises(LakeError, match="killed"):
        drained(landing)
    assert len(matched(landing.lake)) > len(rows(landing.lake, "signup")) / 3
    monkeypatch.setattr(transforms, "append_rows", append_rows)
    drained(landing)
    assert matched(landing.lake) == TOUCHED
    assert len(rows(landing.lake, "signup")) == 60


def test_a_job_that_starts_again_under_a_newer_list_keeps_what_the_older_one_told(landing, monkeypatch):
    def die(*_):
        raise LakeError("killed")

    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.0)
    with monkeypatch.context() as killed, pytest.raises(LakeError, match="killed"):
        killed.setattr(transforms, "append_rows", die)
        drained(landing)
    told = matched(landing.lake)
    write_run(landing.lake, "run-2", {"op_1": "organisation"}, [], started_at=START + timedelta(hours=1))
    drained(landing)
    assert told
    assert matched(landing.lake) == told
