"""An account is erased: no byte of the lake says its id any more, and everything else is as it was."""

import io
import json
import os
import shutil
from collections import Counter
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError

from graph.link import link
from pipeline.alerts.claims import only_sender
from pipeline.alerts.outbox import SCHEMA, all_deliveries
from pipeline.contract.tables import EVENT_TABLES, RUN_TABLES
from pipeline.errors import LakeError
from pipeline.lake import Lake
from pipeline.privacy.keyfile import load_key
from pipeline.privacy.tokens import Tokens
from queries.casefile.runs import current_run, verified
from queries.cli import main
from queries.decisions import Disposition, decide
from queries.keeping import erasure, runrows
from queries.keeping.erasure import erase
from queries.keeping.erasures import account_token, erased_among, logged
from queries.status import sections

UNFINISHED = "erasures that were not finished, so that they must be done again"
DELTA = (*(table.name for table in EVENT_TABLES), "account_key_days", "rejected", "alerts", "runs")


@pytest.fixture
def tokens(folder):
    return Tokens(load_key(folder / "key"))


@pytest.fixture
def command(folder, lake, monkeypatch):
    def run(*words, given=None):
        if given is not None:
            monkeypatch.setattr("sys.stdin", io.StringIO(given))
        return main(["--settings", str(folder / "hydratrace.toml"), *words, "--lake", str(lake.root)])

    (folder / "hydratrace.toml").write_text(f"""
        key_file = "{folder}/key"
        [[hooks]]
        name = "log"
        type = "jsonl"
        path = "{folder}/alerts.jsonl"
        verdicts = ["distillation", "trial_abuse", "resale", "organisation", "undetermined"]
        """)
    return run


def account(lake):
    """The surest member of the largest cluster: it is in every kind of table, and in an alert."""
    rows = pq.read_table(lake.run_file(lake.runs()[-1].run_id, "cluster_members")).to_pylist()
    largest = Counter(row["cluster_uid"] for row in rows).most_common(1)[0][0]
    members = [row for row in rows if row["cluster_uid"] == largest]
    return min(members, key=lambda row: (-row["confidence"], row["account_id"]))["account_id"], largest


def holding(lake, account_id):
    """Files of the lake, logs and checkpoints too, that say the account's id: in their bytes, or decompressed."""
    found = []
    for path in sorted(path for path in lake.root.rglob("*") if path.is_file()):
        if account_id.encode() in path.read_bytes():
            text = account_id
        elif path.suffix == ".parquet":
            text = str(pq.ParquetFile(path).read().to_pylist())
        elif path.suffix == ".duckdb":
            with duckdb.connect() as con:
                con.execute(f"ATTACH '{path}' AS held (READ_ONLY)")
                names = con.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'held'").fetchall()
                text = "".join(str(con.sql(f'FROM held."{name}"').to_arrow_table().to_pylist()) for (name,) in names)
        else:
            continue
        if account_id in text:
            found.append(path.relative_to(lake.root).as_posix())
    return found


def travelled(lake, table, version):
    """What a table says as of an old version; nothing where its files or its log are gone."""
    try:
        return str(DeltaTable(str(lake.path(table)), version=version).to_pyarrow_table().to_pylist())
    except (DeltaError, OSError):
        return ""


def rows_of_others(lake, account_id):
    with duckdb.connect() as con:
        return {
            name: Counter(
                map(str, con.sql(f"FROM ({lake.select(name)}) WHERE account_id <> '{account_id}'").fetchall())
            )
            for name in (*(table.name for table in EVENT_TABLES), "account_key_days")
        }


def leave_behind(lake, account_id):
    """What kills leave (a link's folder without a row, a landing's files, whole and not, a publish's scratch), and an
    alert that names the account as one that touched an operator."""
    half = lake.runs_dir() / "20260601T000000-0123abcd"
    shutil.copytree(lake.runs_dir() / lake.runs()[-1].run_id, half)
    assert account_id in str(pq.read_table(half / "cluster_members.parquet").to_pylist())
    file = next(Path(file) for file in lake.files("signup") if account_id in str(pq.read_table(file).to_pylist()))
    shutil.copyfile(file, file.with_name("part-00000-killed.parquet"))
    for begun in (file.with_name("part-00001-killed.parquet#1"), lake.path("signup") / "_delta_log" / "0.json#1"):
        begun.write_text(account_id)
        os.utime(begun, (0, 0))
    last = all_deliveries(lake)[0]
    told = json.loads(last.body)
    touch = {"account_id": account_id, "kinds": ["card"], "event_id": "e", "at": "2026-06-01T00:00:00Z"}
    told["data"] |= {"change": "touched", "members": [], "touches": [touch], "touched_by": 1}
    row = msgspec.structs.replace(last, alert_uid="touched", body=json.dumps(told))
    write_deltalake(lake.table("alerts"), pa.Table.from_pylist([msgspec.structs.asdict(row)], SCHEMA), mode="append")
    scratch = lake.root / ".case.duckdb.killed"
    scratch.mkdir()
    shutil.copyfile(lake.root / "case.duckdb", scratch / "case.duckdb")


def test_nothing_says_the_account_any_more_and_all_else_is_as_it_was(folder, lake, tokens, command):
    gone, _ = account(lake)
    with (folder / "events" / "api.usage.v1.jsonl").open("a") as file:
        file.write(json.dumps({"event_id": "bad", "account_id": gone}) + "\n")
    assert command("land", "--files", str(folder / "events")) == 0
    assert command("alert") == 0
    for table in EVENT_TABLES:
        lake.table(table.name).create_checkpoint()
        lake.table(table.name).optimize.compact()  # the files that it merged lie there still
    leave_behind(lake, gone)
    others, positions = rows_of_others(lake, gone), lake.positions()
    versions = {table: DeltaTable(str(lake.path(table))).version() for table in DELTA}
    places = {path.partition("/")[0] for path in holding(lake, gone)}
    assert all(gone in travelled(lake, table, versions[table]) for table in ("signup", "usage", "rejected"))
    assert {"signup", "payment", "usage", "account_key_days", "rejected", "alerts", "runs", "case.duckdb"} <= places

    assert command("erase", given=f"{gone}\n") == 0

    assert holding(lake, gone) == []
    assert rows_of_others(lake, gone) == others
    assert lake.positions() == positions
    assert verified(lake, current_run(lake)).paths
    assert command("alert") == 0
    assert command("query", "clusters_ranked") == 0
    for table, version in versions.items():
        for past in range(version + 1):
            assert gone not in travelled(lake, table, past)
    told = logged(lake)
    assert {entry.table for entry in told} >= {"", "signup", "usage", "rejected", "alerts", "links", "cluster_members"}
    assert {entry.account_token for entry in told} == {account_token(tokens, gone)}
    assert set(erased_among(lake, tokens, [gone, "somebody else"])) == {gone}


def test_the_next_run_does_not_know_it_and_names_its_cluster_as_before(lake, tokens):
    gone, uid = account(lake)
    erase(lake, gone, tokens, "me")
    run = link(lake, None, lambda _: None)
    for table in RUN_TABLES:
        assert gone not in str(pq.read_table(lake.run_file(run.run_id, table.name)).to_pylist())
    assert uid in pq.read_table(lake.run_file(run.run_id, "clusters"))["cluster_uid"].to_pylist()


@pytest.mark.parametrize("where", ["redrawing.redraw_noted", "runrows._list"])
def test_an_erasure_that_was_killed_is_completed_by_the_next(lake, tokens, monkeypatch, where):
    gone, _ = account(lake)

    def killed(*_):
        raise KeyboardInterrupt

    (lake.root / "case.duckdb").unlink()
    owner, _, name = where.rpartition(".")
    place = {"redrawing": erasure.redrawing, "runrows": runrows}[owner]
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(place, name, killed)
        erase(lake, gone, tokens, "me")
    assert "" in {entry.table for entry in logged(lake)}
    assert dict(sections(lake))[UNFINISHED]["account_token"].to_pylist() == [account_token(tokens, gone)]
    erase(lake, gone, tokens, "me")
    assert dict(sections(lake))[UNFINISHED].num_rows == 0
    assert holding(lake, gone) == []
    assert verified(lake, current_run(lake)).paths


def test_an_open_case_holds_its_accounts(lake, command, capsys):
    gone, uid = account(lake)
    decide(lake, uid, Disposition.TRUE_POSITIVE, f"{gone} confessed", "me")
    assert command("erase", given=gone) == 1
    assert f"held for the open case of cluster {uid}" in capsys.readouterr().err
    assert holding(lake, gone)
    assert command("erase", "--despite-hold", given=gone) == 0
    assert "1 decisions name the account" in capsys.readouterr().out


def test_a_case_is_told_to_be_erased_not_tampered_with(folder, lake, command, capsys):
    gone, uid = account(lake)
    case = folder / "case"
    assert command("case", uid, "--out", str(case)) == 0
    assert command("erase", given=gone) == 0
    capsys.readouterr()
    assert command("verify", str(case)) == 0
    told = capsys.readouterr().out
    assert f"ERASED   {gone} was erased" in told
    assert "DIFFERS" not in told and told.endswith("the case holds, but for what was erased\n")
    lake.table("usage").delete(f"account_id <> '{gone}'")  # the erasure of one account explains no other's loss
    assert command("verify", str(case)) == 1
    assert "DIFFERS  cluster_events" in capsys.readouterr().out


def test_an_account_that_goes_on_is_told_of(folder, lake, command, monkeypatch, capsys):
    gone, _ = account(lake)
    first = next(
        line for line in (folder / "events" / "account.signup.v1.jsonl").read_text().splitlines() if gone in line
    )

    def meanwhile(*_, **__):
        with (folder / "events" / "account.signup.v1.jsonl").open("a") as file:
            file.write(first + "\n")
        assert command("land", "--files", str(folder / "events")) == 0

    monkeypatch.setattr(erasure, "publish", meanwhile)
    assert command("erase", given=gone) == 1
    assert "rows of the account have landed meanwhile" in capsys.readouterr().out
    monkeypatch.undo()
    assert command("erase", given=gone) == 0
    assert holding(lake, gone) == []


def test_an_unknown_account_changes_nothing_but_the_log(lake, tokens):
    run, before = lake.runs()[-1], rows_of_others(lake, "")
    assert erase(lake, "' OR true --", tokens, "me") == {}
    assert rows_of_others(lake, "") == before
    assert lake.runs()[-1] == run
    assert [entry.table for entry in logged(lake)] == ["", "*"]


def test_no_account_is_wrong_use(command):
    assert command("erase", given="\n") == 2


def test_another_key_is_refused(folder, lake: Lake, command):
    (folder / "key").write_text("00" * 32)
    assert command("erase", given="x") == 1
    with pytest.raises(LakeError):
        Lake.create(lake.root, "another")


def test_a_sender_ends_its_pass_first(lake, command, monkeypatch):
    assert command("alert") == 0
    monkeypatch.setattr(erasure, "SENDING_SECONDS", 0.1)
    with duckdb.connect() as con:
        sending = only_sender(lake, "log"), pytest.raises(LakeError, match="hook log was sent to")
        with sending[0], sending[1], erasure.nobody_sending(con, lake):
            raise AssertionError("it is sent to")
        with erasure.nobody_sending(con, lake), only_sender(lake, "log", wait=0) as mine:
            assert not mine
