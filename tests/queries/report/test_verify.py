import contextlib
import shutil
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from pipeline.errors import LakeError, UsageError
from pipeline.lake import Lake
from pipeline.privacy.tokens import Tokens
from queries.casefile.runs import sha256_of
from queries.cli import main
from queries.decisions import Disposition, decide
from queries.keeping.erasure import erase
from queries.report import manifest
from queries.report.case import write_case
from queries.report.derive import EVIDENCE
from queries.report.verify import altered_files, verify_case
from tests.pipeline.records import KEY


@pytest.fixture
def case(case_of_world: Path, tmp_path: Path) -> Path:
    """A copy of the case of op_1, yours to spoil."""
    shutil.copytree(case_of_world, tmp_path / "case")
    return tmp_path / "case"


def test_a_fresh_case_holds(published_root: Path, case: Path) -> None:
    found = verify_case(Lake.open(published_root), case)
    assert found.holds and found.left == 0
    assert [figure.name for figure in found.figures] == list(EVIDENCE)
    assert {figure.name: figure.rows for figure in found.figures}["cluster_events"] == 11


def test_every_file_has_its_place_in_the_manifest(case: Path) -> None:
    told, wrong = manifest.read(case)
    assert wrong == []
    expected = {f"evidence/{name}.{form}" for name in EVIDENCE for form in ("csv", "parquet")}
    assert set(told.files) == expected | {f"queries/{name}.sql" for name in EVIDENCE} | {"report.html"}
    assert (told.run_id, told.cluster_uid, told.revision) == ("run-1", "op_1", 2)


@pytest.mark.parametrize("share", [0.0, 0.37, 0.999])
def test_one_flipped_byte_in_any_file_is_found(case: Path, share: float) -> None:
    told, _ = manifest.read(case)
    for name in told.files:
        whole = (case / name).read_bytes()
        spoilt = bytearray(whole)
        spoilt[int(share * len(spoilt))] ^= 1
        (case / name).write_bytes(spoilt)
        assert altered_files(case, told.files) == [f"{name} has other bytes"]
        (case / name).write_bytes(whole)


def test_one_flipped_byte_anywhere_in_the_manifest_is_found(case: Path) -> None:
    whole = (case / manifest.NAME).read_bytes()
    for at in range(0, len(whole), 7):
        spoilt = bytearray(whole)
        spoilt[at] ^= 1
        (case / manifest.NAME).write_bytes(spoilt)
        with contextlib.suppress(LakeError):  # no longer a manifest at all
            assert manifest.read(case)[1] != [], at


def test_a_file_that_was_taken_or_added_is_found(published_root: Path, case: Path) -> None:
    (case / "evidence" / "failovers.csv").unlink()
    (case / "note.txt").write_text("x")
    found = verify_case(Lake.open(published_root), case)
    assert found.altered == ["evidence/failovers.csv is missing", "note.txt is not in the manifest"]


def test_a_forged_figure_with_a_forged_manifest_differs_from_the_lake(published_root: Path, case: Path) -> None:
    told, _ = manifest.read(case)
    seal = told.log[-1].digest
    path = case / "evidence" / "cluster_members.parquet"
    members = pq.read_table(path)
    pq.write_table(members.slice(1), path)
    forged = msgspec.structs.replace(told, files=told.files | {"evidence/cluster_members.parquet": sha256_of(path)})
    log = [(told.made_at, "ana", f"made this case; {manifest.content_digest(forged)}")]
    forged = msgspec.structs.replace(forged, log=manifest.chained(log))
    (case / manifest.NAME).write_bytes(manifest.encoded(forged))
    found = verify_case(Lake.open(published_root), case)
    assert found.altered == []
    assert [(f.name, f.only_in_case, f.only_in_lake) for f in found.figures if not f.is_equal] == [
        ("cluster_members", 0, 1)
    ]
    assert verify_case(Lake.open(published_root), case, seal).altered == ["the folder does not have this seal"]


def test_what_lands_is_decided_or_linked_later_changes_nothing(
    published: Lake,
    case: Path,
    world: dict[str, pa.Table],
    write_run,
) -> None:
    rows = world["usage"].slice(0, 1).to_pylist()
    rows[0] |= {"event_id": "u100", "_offset": 20}
    write_deltalake(published.table("usage"), pa.Table.from_pylist(rows, schema=world["usage"].schema), mode="append")
    decide(published, "op_1", Disposition.TRUE_POSITIVE, "sure", "ben")
    write_run(published, {}, "run-2")
    assert verify_case(published, case).holds


def test_compaction_changes_nothing(published: Lake, case: Path, world: dict[str, pa.Table]) -> None:
    late = world["usage"].slice(1, 1).to_pylist()
    late[0] |= {"event_id": "u101", "_offset": 21}
    write_deltalake(published.table("usage"), pa.Table.from_pylist(late, schema=world["usage"].schema), mode="append")
    assert published.table("usage").optimize.compact()["numFilesRemoved"] >= 2
    assert verify_case(published, case).holds


def test_erased_events_are_told_from_altered_files(published: Lake, case: Path) -> None:
    published.table("usage").delete("event_id = 'u1'")
    found = verify_case(published, case)
    assert found.altered == [] and found.left == 1 and not found.holds


def test_a_lake_without_the_run_cannot_verify(tmp_path: Path, case: Path) -> None:
    with pytest.raises(LakeError, match="has no run run-1"):
        verify_case(Lake.create(tmp_path / "other", "check"), case)


def test_no_case_is_said(published_root: Path, tmp_path: Path) -> None:
    with pytest.raises(LakeError, match=r"manifest\.json"):
        verify_case(Lake.open(published_root), tmp_path)


def test_the_log_tells_who_decided_and_who_made_the_case(published: Lake, tmp_path: Path) -> None:
    write_case(published, "op_2", tmp_path / "case", "ben")
    told, _ = manifest.read(tmp_path / "case")
    assert [(entry.by, entry.did[:20]) for entry in told.log] == [
        ("ana", "decided suspicious: "),
        ("ana", "decided benign: a cu"),
        ("ben", "made this case; the "),
    ]
    assert [entry.previous for entry in told.log] == ["", told.log[0].digest, told.log[1].digest]


def test_an_unknown_cluster_or_a_used_folder_is_refused(published: Lake, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no cluster 'op_9'"):
        write_case(published, "op_9", tmp_path / "case", "ana")
    assert list(tmp_path.glob("*case*")) == []
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "x").touch()
    with pytest.raises(UsageError, match="is not empty"):
        write_case(published, "op_1", tmp_path / "case", "ana")


def test_csv_beside_the_report_runs_nothing_in_a_spreadsheet(
    published: Lake, tmp_path: Path, world: dict[str, pa.Table], write_run, arrow_table
) -> None:
    member = {"cluster_uid": "op_3", "account_id": "h1", "confidence": 0.5, "joined_at": "2026-06-01T00:00:00Z"}
    why = {"cluster_uid": "op_3", "account_id": "h1", "signal": "x", "weight": 1, "explanation": "=1+1"}
    cluster = {"cluster_uid": "op_3", "verdict": "undetermined"}
    tables = {"clusters": [cluster], "cluster_members": [member], "member_evidence": [why]}
    write_run(published, {name: arrow_table(name, rows) for name, rows in tables.items()}, "run-3")
    write_case(published, "op_3", tmp_path / "case", "ana")
    assert ",'=1+1\n" in (tmp_path / "case" / "evidence" / "cluster_members.csv").read_text()


def test_the_commands_tell_what_they_did(
    published_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = ("--lake", str(published_root))
    assert main(["case", "op_1", "--out", str(tmp_path / "case"), "--by", "ana", *lake]) == 0
    seal = capsys.readouterr().out.splitlines()[1].split()[1].rstrip(":")
    assert main(["verify", str(tmp_path / "case"), "--seal", seal, *lake]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "the case holds"
    (tmp_path / "case" / "report.html").write_text("x")
    assert main(["verify", str(tmp_path / "case"), *lake]) == 1
    assert "ALTERED  report.html has other bytes" in capsys.readouterr().out


def test_chains_differ_when_any_entry_does() -> None:
    at = datetime(2026, 6, 1, tzinfo=UTC)
    first = manifest.chained([(at, "ana", "x"), (at, "ben", "y")])
    other = manifest.chained([(at, "ana", "z"), (at, "ben", "y")])
    assert first[1].digest != other[1].digest


@pytest.mark.parametrize("account", ["a1", "a2"])
def test_every_figure_that_an_erased_account_touched_is_said_to_be_erased_and_no_other(
    published: Lake, case: Path, account: str
) -> None:
    tokens = Tokens(KEY)
    erase(published, account, tokens, "me")
    found = verify_case(published, case, tokens=tokens)
    states = {figure.name: figure.state for figure in found.figures}
    assert found.holds and set(found.erasures) == {account}
    assert {name for name, state in states.items() if state == "erased"} >= {
        "cluster_members",
        "failovers",
        "cluster_events",
    }
    assert {states["extraction_ledger"], states["lineage"]} == {"equal"}
    assert not verify_case(published, case).holds  # without the key nobody can tell it from tampering
