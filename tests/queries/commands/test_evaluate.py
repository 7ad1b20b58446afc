import pytest

from queries.cli import main


@pytest.mark.parametrize("seeds", ["x", "", "101,", "101,101", "-1"])
def test_seeds_are_different_whole_numbers(seeds: str, capsys) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", f"--seeds={seeds}"])
    assert stopped.value.code == 2
    assert "different whole numbers" in capsys.readouterr().err


@pytest.mark.parametrize("flags", [["--days", "0"], ["--operators", "0"], ["--accounts", "20", "--operators", "3"]])
def test_worlds_that_cannot_be_are_wrong_use(flags: list[str], capsys) -> None:
    assert main(["evaluate", *flags]) == 2
    assert "no such world" in capsys.readouterr().err


def test_a_missing_folder_is_told_before_the_work_begins(tmp_path, capsys) -> None:
    assert main(["evaluate", "--out", str(tmp_path / "none" / "measured.json")]) == 2
    assert "no folder" in capsys.readouterr().err
