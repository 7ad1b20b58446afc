import csv
import io
import json
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from queries.cli import main


def run(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    captured = capfd.readouterr()
    return status, captured.out, captured.err


def test_writes_each_format(published_root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ask = ("sql", "SELECT account_id, requests FROM accounts ORDER BY ALL LIMIT 1", "--lake", str(published_root))
    assert run(capfd, *ask)[1].splitlines()[2].split() == ["a1", "2"]
    assert run(capfd, *ask, "--format", "csv")[1] == "account_id,requests\na1,2\n"
    assert json.loads(run(capfd, *ask, "--format", "json")[1]) == [{"account_id": "a1", "requests": 2}]


def test_writes_parquet_to_a_file(published_root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "rows.parquet"
    ask = ("sql", "FROM clusters", "--lake", str(published_root), "--format", "parquet", "--output", str(out))
    assert run(capfd, *ask) == (0, "", "")
    assert pq.read_table(out).num_rows == 2


def test_reads_sql_from_standard_input(
    published_root: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("SELECT 7 AS n"))
    assert run(capfd, "sql", "-", "--lake", str(published_root), "--format", "csv")[1] == "n\n7\n"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("sql", "SELECT x FROM clusters"), 1, 'hydratrace sql: Binder Error: Referenced column "x" not found'),
        (("sql", "COPY clusters TO '/tmp/x'"), 1, "hydratrace sql: refused: expected one SELECT"),
        (("sql", "FROM read_text('/etc/passwd')"), 1, "hydratrace sql: refused: SQL may read the lake's own tables"),
        (("sql", "SELECT '5877641-06-24 (BC)'::DATE AS x"), 1, "hydratrace sql: a value that cannot be shown"),
        (("sql", "SELECT 1", "--time-limit", "0"), 2, "hydratrace sql: wrong limits"),
        (("query", "cluster_member"), 2, "hydratrace query: no query 'cluster_member'"),
        (("query", "cluster_members"), 2, "missing parameter cluster"),
        (("query", "cluster_members", "--param", "op_1"), 2, "wrong --param 'op_1'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    published_root: Path,
    capfd: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    status: int,
    message: str,
) -> None:
    found = run(capfd, *arguments, "--lake", str(published_root))
    assert found[0] == status and found[1] == ""
    assert message in found[2] and found[2].count("\n") == 1


def test_a_missing_lake_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    status, _, error = run(capfd, "query", "clusters_ranked", "--lake", str(tmp_path / "none"))
    assert status == 1 and "no lake at" in error and error.count("\n") == 1


def test_query_runs_with_parameters(published_root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ask = ("query", "cluster_members", "--param", "cluster=op_2", "--format", "csv", "--lake", str(published_root))
    assert [line.split(",")[0] for line in run(capfd, *ask)[1].splitlines()] == ["account_id", "b1", "b2"]


def test_query_without_a_name_lists_what_each_answers(capfd: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capfd, "query", "--format", "csv")
    listed = {row["query"]: row for row in csv.DictReader(io.StringIO(out))}
    assert status == 0 and listed["why_linked"]["parameters"] == "a b [max_hops=8]"
    assert listed["why_linked"]["answers"].startswith("Why two accounts are tied")


def test_what_does_not_heed_the_interrupt_is_ended_with_its_process(published_root: Path) -> None:
    # Sorting one list is one call to DuckDB: 36 s and 8.6 GB were seen without the cage.
    hungry = "SELECT list_sort(range(60000000))[1]"
    command = [sys.executable, "-c", "from queries.cli import main; raise SystemExit(main())"]
    started = time.monotonic()
    done = subprocess.run(
        [*command, "sql", hungry, "--time-limit", "1", "--memory-limit", "128", "--lake", str(published_root)],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1 and time.monotonic() - started < 15
    assert done.stderr.count(b"\n") == 1


def test_memory_that_runs_out_while_rows_are_read_is_said(published_root: Path) -> None:
    large = "SELECT array_agg(i) OVER () FROM range(20000) AS t(i)"
    command = [sys.executable, "-c", "from queries.cli import main; raise SystemExit(main())"]
    done = subprocess.run(
        [*command, "sql", large, "--memory-limit", "64", "--lake", str(published_root)],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert b"Out of Memory" in done.stderr
    assert done.stderr.count(b"\n") == 1
