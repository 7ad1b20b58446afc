import pytest

from queries.cli import main


@pytest.mark.parametrize("command", ["land", "run"])
def test_options_of_a_job_that_could_not_go_on_are_wrong_use_before_anything_starts(tmp_path, capsys, command):
    lake = tmp_path / "lake"
    words = [command, "--lake", str(lake), "--files", str(tmp_path), "--", "--runner=PortableRunner"]
    assert main(words) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"hydratrace {command}: the job on Flink: ")
    assert "it reads Kafka, not --files; --job_endpoint=HOST:PORT of Beam's job server is missing" in told
    assert told.count("\n") == 1
    assert not lake.exists()
