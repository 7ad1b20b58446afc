import json
import os
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow.parquet as pq
import pytest

from graph.keys.days import redraw
from graph.link import link, rerun
from pipeline.bursts.update import days_left, update
from pipeline.contract.tables import EVENT_TABLES
from pipeline.errors import LakeError, UsageError
from pipeline.lake import Lake
from pipeline.settings import load
from queries.casefile.publish import publish
from queries.cli import main
from queries.decisions import Disposition, decide
from queries.keeping import redrawing
from queries.keeping.retention import retain

# The provider's requests are of 1 to 4 June 2026, its sign-ups and payments up to months older.
NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)


def values(lake, sql):
    with duckdb.connect() as con:
        return con.sql(sql).fetchall()


def days(lake, table, where="true"):
    return {day for (day,) in values(lake, f"SELECT DISTINCT event_date FROM ({lake.select(table)}) WHERE {where}")}


def key_days(lake):
    return values(lake, f"FROM ({lake.select('account_key_days')}) ORDER BY ALL")


def oldest(count):
    return NOW.date() - timedelta(days=count)


def cluster(lake):
    """A cluster of the newest run, and its members."""
    rows = pq.read_table(lake.run_file(lake.runs()[-1].run_id, "cluster_members")).to_pylist()
    uid = rows[0]["cluster_uid"]
    return uid, {row["account_id"] for row in rows if row["cluster_uid"] == uid}


def test_old_days_leave_one_table_and_positions_and_all_else_stay(lake):
    before, positions = {table.name: lake.positions() for table in EVENT_TABLES}, lake.positions()
    payments = days(lake, "payment")
    left = dict(retain(lake, {"usage": 8}, NOW))
    assert left["usage"] > 0
    assert min(days(lake, "usage")) == oldest(8)
    assert days(lake, "payment") == payments
    assert lake.positions() == positions
    assert before
    assert dict(retain(lake, {"usage": 8}, NOW)) == {"usage": 0}


def test_what_left_is_not_landed_again(folder, lake):
    retain_all = dict(retain(lake, {"usage": 1}, NOW))
    assert retain_all["usage"] > 0
    words = ["land", "--files", str(folder / "events"), "--lake", str(lake.root), "--key-file", str(folder / "key")]
    assert main(["--settings", str(folder / "hydratrace.toml"), *words]) == 0
    assert days(lake, "usage") == set()


def test_the_keys_of_a_day_are_those_of_its_remaining_events(lake):
    """A run that takes its keys from account_key_days comes out as one that draws them from the events."""
    dict(retain(lake, {"usage": 8, "signup": 20}, NOW))
    run = link(lake, None, lambda _: None)
    assert rerun(lake, run.run_id, lambda _: None) == []
    assert publish(lake).run_id == run.run_id


def test_a_killed_redraw_is_made_up_for(lake, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(redrawing, "redraw", killed)
    with pytest.raises(KeyboardInterrupt):
        dict(retain(lake, {"usage": 8}, NOW))
    stale = key_days(lake)
    monkeypatch.setattr(redrawing, "redraw", redraw)
    dict(retain(lake, {"usage": 8}, NOW))
    assert key_days(lake) != stale


@pytest.mark.parametrize(
    ("words", "after", "held"),
    [
        ([Disposition.SUSPICIOUS], 1, True),
        ([Disposition.TRUE_POSITIVE], 1, True),
        ([Disposition.FALSE_POSITIVE], 1, False),
        ([Disposition.SUSPICIOUS, Disposition.BENIGN], 1, False),
        ([Disposition.BENIGN, Disposition.SUSPICIOUS], 1, True),
        ([Disposition.SUSPICIOUS], 400, False),
    ],
)
def test_the_accounts_of_an_open_case_are_held(lake, words, after, held):
    uid, members = cluster(lake)
    for word in words:
        decide(lake, uid, word, "because", "me")
    told = dict(retain(lake, {"usage": 1, "holds": 365}, datetime.now(UTC) + timedelta(days=after)))
    left = {account for (account,) in values(lake, f"SELECT DISTINCT account_id FROM ({lake.select('usage')})")}
    assert left == (members if held else set())
    assert told.get("held", 0) == (len(members) if held else 0)


def test_nothing_leaves_when_who_is_held_cannot_be_told(lake):
    decide(lake, cluster(lake)[0], Disposition.SUSPICIOUS, "because", "me")
    lake.run_file(lake.runs()[-1].run_id, "cluster_members").unlink()
    with pytest.raises(LakeError, match="who is held is not known"):
        dict(retain(lake, {"usage": 1}, NOW))
    assert days(lake, "usage")


def test_old_runs_leave_but_never_the_current_one_nor_a_cases(lake):
    decided = lake.runs()[-1]
    decide(lake, cluster(lake)[0], Disposition.SUSPICIOUS, "because", "me")
    between, current = (link(lake, None, lambda _: None) for _ in range(2))
    half = lake.runs_dir() / "20260601T000000-0123abcd"
    half.mkdir()
    for path in lake.runs_dir().rglob("*"):
        os.utime(path, (0, 0))
    files = {run.run_id: json.loads(run.files).keys() for run in (decided, current)}
    told = dict(retain(lake, {"runs": 8}, datetime.now(UTC) + timedelta(days=9)))
    assert told["runs"] == 1
    assert [run.run_id for run in lake.runs()] == [decided.run_id, current.run_id]
    for run, names in files.items():
        assert {path.name for path in (lake.runs_dir() / run).iterdir()} == names
    assert not half.exists()
    assert not (lake.runs_dir() / between.run_id).exists()


def test_rejects_leave_by_the_time_they_landed(folder, lake):
    (folder / "events" / "api.usage.v1.jsonl").open("a").close()
    with (folder / "events" / "api.usage.v1.jsonl").open("a") as file:
        file.write("nonsense\n")
    words = ["land", "--files", str(folder / "events"), "--lake", str(lake.root), "--key-file", str(folder / "key")]
    assert main(["--settings", str(folder / "hydratrace.toml"), *words]) == 0
    positions, soon = lake.positions(), datetime.now(UTC)
    assert dict(retain(lake, {"rejected": 30}, soon)) == {"rejected": 0}
    assert dict(retain(lake, {"rejected": 30}, soon + timedelta(days=31))) == {"rejected": 1}
    assert lake.positions() == positions


@pytest.mark.parametrize("wrong", [{"usages": 3}, {"usage": 0}, {"runs": 7}, {"alerts": 9}])
def test_wrong_settings_are_named(wrong):
    with pytest.raises(UsageError, match="retention"):
        load({"retention": wrong}, {})


def test_the_command_says_what_left(folder, lake: Lake, capsys):
    words = ["--settings", str(folder / "hydratrace.toml"), "retain", "--lake", str(lake.root)]
    assert main(words) == 0
    assert "[retention]" in capsys.readouterr().out
    (folder / "hydratrace.toml").write_text("[retention]\nusage = 8\n")
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("usage: ")


def test_days_that_signups_leave_lose_their_bursts_and_are_weighed_anew_by_the_next_link(lake):
    bursts = days(lake, "signup_bursts")
    assert bursts
    signups = days(lake, "signup")
    cut = (NOW.date() - sorted(signups)[len(signups) // 2]).days
    assert dict(retain(lake, {"signup": cut}, NOW))["signup"] > 0
    assert min(days(lake, "signup_bursts") | {NOW.date()}) >= oldest(cut)
    update(lake)
    assert not days_left(lake)
    assert days(lake, "signup_bursts") <= days(lake, "signup")
