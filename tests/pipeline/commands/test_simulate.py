import csv
import json

import pytest

from queries.cli import main

FLAGS = ["--accounts", "60", "--operators", "1", "--days", "2"]


def test_writes_a_file_for_each_topic_and_the_truth(tmp_path, capsys):
    assert main(["simulate", str(tmp_path / "new" / "events"), *FLAGS]) == 0
    folder = tmp_path / "new" / "events"
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "account.signup.v1.jsonl",
        "account.payment.v1.jsonl",
        "api.usage.v1.jsonl",
        "account.action.v1.jsonl",
        "truth.csv",
    }
    lines = [line for path in folder.glob("*.jsonl") for line in path.read_text(encoding="utf-8").splitlines()]
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        truth = list(csv.DictReader(file))
    assert list(truth[0]) == ["account_id", "label", "operator", "kind", "group"]
    assert {json.loads(line)["account_id"] for line in lines} == {row["account_id"] for row in truth}
    assert capsys.readouterr().out.startswith(f"{len(lines):,} events of {len(truth):,} accounts")


def test_the_same_flags_write_the_same_bytes(tmp_path):
    for name in "ab":
        assert main(["simulate", str(tmp_path / name), *FLAGS, "--raw-prompts", "--rate", "0.5"]) == 0
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    assert '"prompt":' in (tmp_path / "a" / "api.usage.v1.jsonl").read_text(encoding="utf-8")


def test_rate_thins_requests(tmp_path):
    sizes = []
    for rate in ("1", "0.2"):
        assert main(["simulate", str(tmp_path / rate), *FLAGS, "--rate", rate]) == 0
        sizes.append((tmp_path / rate / "api.usage.v1.jsonl").read_bytes().count(b"\n"))
    assert sizes[1] < 0.4 * sizes[0]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], "nowhere to write to"),
        (["{folder}", "--bootstrap-servers", "localhost:1"], "nowhere to write to"),
        (["{folder}", "--truth", "{folder}/missing/truth.csv", *FLAGS], "cannot write"),
        (["{folder}/file/x", *FLAGS], "cannot write"),
        (["{folder}", "--accounts", "29", "--operators", "3"], "expected 30"),
    ],
)
def test_wrong_use_is_one_line(tmp_path, capsys, flags, words):
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main(["simulate", *(flag.format(folder=tmp_path) for flag in flags)]) in (1, 2)
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("flag", "value"), [("--accounts", "0"), ("--days", "x"), ("--rate", "nan"), ("--start", "June"), ("--seed", "1.5")]
)
def test_wrong_numbers_exit_with_2(tmp_path, capsys, flag, value):
    with pytest.raises(SystemExit) as stopped:
        main(["simulate", str(tmp_path), flag, value])
    assert stopped.value.code == 2
    assert flag in capsys.readouterr().err
