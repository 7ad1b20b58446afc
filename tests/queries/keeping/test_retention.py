import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from graph.keys.days import redraw
from graph.link import link, rerun
from pipeline.alerts.outbox import SCHEMA, all_deliveries
from pipeline.bursts.update import days_left, update
from pipeline.contract.tables import EVENT_TABLES
from pipeline.errors import LakeError, UsageError
from pipeline.lake import Lake
from pipeline.retentions import cuts
from pipeline.settings import load
from queries.casefile.publish import publish
from queries.cli import main
from queries.decisions import Disposition, decide
from queries.keeping import redrawing
from queries.keeping.retention import plan, retain

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


@pytest.mark.parametrize("wrong", [{"usages": 3}, {"usage": 0}, {"runs": 7}, {"alerts": 7}, {"decisions": 9}])
def test_wrong_settings_are_named(wrong):
    with pytest.raises(UsageError, match="retention"):
        load({"retention": wrong}, {})


def test_the_command_says_what_left(folder, lake: Lake, capsys):
    words = ["--settings", str(folder / "hydratrace.toml"), "retain", "--lake", str(lake.root)]
    assert main(words) == 0
    assert "[retention]" in capsys.readouterr().out
    (folder / "hydratrace.toml").write_text("[retention]\nusage = 8\nruns = 8\n")
    assert main(words) == 0
    (told,) = capsys.readouterr().out.splitlines()
    assert told.startswith("usage: ")
    assert told.endswith(", runs: 0 taken out")


def test_without_rules_nothing_leaves_but_files_that_left_long_ago(lake):
    day = Path(lake.files("account_key_days")[0]).parent
    left = [day / "part-00000-left.parquet", day / "part-00001-torn.parquet#1"]
    for path in left:
        shutil.copyfile(lake.files("account_key_days")[0], path)
    live = {table: lake.files(table) for table in (*(table.name for table in EVENT_TABLES), "account_key_days", "runs")}
    kept = sorted(lake.runs_dir().rglob("*.parquet"))
    assert dict(retain(lake, {}, NOW)) == {}
    assert all(path.exists() for path in left)  # somebody may still read or write them
    for path in left:
        os.utime(path, (0, 0))
    assert dict(retain(lake, {}, NOW)) == {}
    assert not any(path.exists() for path in left)
    assert {table: lake.files(table) for table in live} == live
    assert set(kept) <= set(lake.runs_dir().rglob("*.parquet"))
    assert all(Path(file).exists() for files in live.values() for file in files)


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


def test_a_dry_run_tells_what_would_leave_and_what_is_held_and_changes_nothing(folder, lake: Lake, capsys):
    uid, members = cluster(lake)
    decide(lake, uid, Disposition.SUSPICIOUS, "because", "me")
    rules = {"usage": 1, "rejected": 1, "alerts": 8, "runs": 8}
    told = plan(lake, rules, NOW)
    before = {one.table: one for one in told}
    listed = ", ".join(f"'{account}'" for account in members)
    held = values(lake, f"SELECT count(*) FROM ({lake.select('usage')}) WHERE account_id IN ({listed})")[0][0]
    rows = values(lake, f"SELECT count(*) FROM ({lake.select('usage')})")[0][0]
    assert (before["usage"].rows, before["usage"].held) == (rows - held, held)
    (folder / "hydratrace.toml").write_text("[retention]\nusage = 1\n")
    words = ["--settings", str(folder / "hydratrace.toml"), "retain", "--dry-run", "--lake", str(lake.root)]
    assert main(words) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["table", "older_than", "would_leave", "stay_though_old"]
    assert values(lake, f"SELECT count(*) FROM ({lake.select('usage')})")[0][0] == rows
    assert cuts(lake) == {}
    left = dict(retain(lake, rules, NOW))
    assert {one.table: one.rows for one in told} == {table: count for table, count in left.items() if table != "held"}
    assert cuts(lake) == {"usage": datetime(2026, 6, 9, tzinfo=UTC)}


@pytest.fixture
def told(folder, lake):
    """A lake whose hook was told of every cluster; calling it tells again, and returns how many alerts there are."""
    (folder / "alerting.toml").write_text(f"""
        [[hooks]]
        name = "log"
        type = "jsonl"
        path = "{folder}/alerts.jsonl"
        verdicts = ["distillation", "trial_abuse", "resale", "organisation", "undetermined"]
        """)

    def tell():
        assert main(["--settings", str(folder / "alerting.toml"), "alert", "--lake", str(lake.root)]) == 0
        return len((folder / "alerts.jsonl").read_text().splitlines())

    assert tell() > 0
    return tell


def test_old_alerts_leave_but_for_the_last_word_on_each_living_cluster(lake, told):
    count, later = told(), datetime.now(UTC) + timedelta(days=40)
    assert dict(retain(lake, {"alerts": 30}, later)) == {"alerts": 0}
    uid = cluster(lake)[0]
    last = next(alert for alert in all_deliveries(lake) if alert.cluster_uid == uid)
    envelope = json.loads(last.body)
    envelope["data"] |= {"change": "retired", "alert_uid": "end"}
    at = last.at + timedelta(seconds=1)
    row = msgspec.structs.replace(last, alert_uid="end", at=at, body=json.dumps(envelope))
    write_deltalake(
        lake.table("alerts"), pa.Table.from_pylist([msgspec.structs.asdict(row)]).cast(SCHEMA), mode="append"
    )
    assert dict(retain(lake, {"alerts": 30}, later)) == {"alerts": 2}
    assert len(all_deliveries(lake)) == count - 1


def verified(capsys, case, lake):
    capsys.readouterr()
    status = main(["verify", str(case), "--lake", str(lake.root)])
    return status, capsys.readouterr().out


def test_verify_names_retention_where_events_left_and_still_finds_what_was_tampered_with(folder, lake, capsys):
    case = folder / "case"
    assert main(["case", cluster(lake)[0], "--out", str(case), "--lake", str(lake.root)]) == 0
    left = dict(retain(lake, {"usage": 1}, datetime.now(UTC)))
    assert left["usage"] > 0
    status, out = verified(capsys, case, lake)
    assert status == 0
    assert "RETAINED cluster_events" in out and "DIFFERS" not in out
    assert "since the case was made retention took usage from before" in out
    assert out.endswith("the case holds, but for what left by age\n")
    lake.table("signup").delete()
    status, out = verified(capsys, case, lake)
    assert (status, "DIFFERS  cluster_events" in out) == (1, True)


def test_a_held_case_is_verified_as_before(folder, lake, capsys):
    case, uid = folder / "case", cluster(lake)[0]
    decide(lake, uid, Disposition.SUSPICIOUS, "because", "me")
    assert main(["case", uid, "--out", str(case), "--lake", str(lake.root)]) == 0
    assert dict(retain(lake, {"usage": 1, "signup": 1, "payment": 1, "runs": 8}, datetime.now(UTC)))["usage"] > 0
    status, out = verified(capsys, case, lake)
    assert (status, out.splitlines()[-1]) == (0, "the case holds")


def test_verify_names_retention_where_the_run_left(folder, lake, capsys):
    case, uid = folder / "case", cluster(lake)[0]
    assert main(["case", uid, "--out", str(case), "--lake", str(lake.root)]) == 0
    link(lake, None, lambda _: None)
    assert dict(retain(lake, {"runs": 8}, datetime.now(UTC) + timedelta(days=9)))["runs"] == 1
    status, out = verified(capsys, case, lake)
    assert (status, "RETAINED cluster_summary" in out, "equal" in out) == (0, True, False)
    (case / "report.html").write_text("x")
    assert verified(capsys, case, lake)[0] == 1
