import pytest

from queries.cli import main


def test_a_missing_lake_is_one_clear_line(tmp_path, capsys) -> None:
    assert main(["link", "--lake", str(tmp_path / "none")]) == 1
    error = capsys.readouterr().err
    assert "no lake at" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("text", ["yesterday", "2026-06-14", "2026-06-14T00:00:00"])
def test_an_instant_needs_a_time_and_an_offset(tmp_path, capsys, text: str) -> None:
    assert main(["link", "--lake", str(tmp_path), "--as-of", text]) == 2
    assert "RFC 3339 with an offset" in capsys.readouterr().err


def test_a_link_prints_its_run_and_its_null_and_a_rerun_finds_it_equal(world, capsys) -> None:
    world.signup("a")
    world.signup("b")
    lake = world.land()
    assert main(["link", "--lake", str(lake.root)]) == 0
    told = capsys.readouterr()
    run_id = told.out.strip()
    assert lake.runs()[-1].run_id == run_id
    assert "pairs of strangers are expected" in told.err
    assert "sign-up bursts: 1 days drawn anew" in told.err
    assert main(["link", "--lake", str(lake.root), "--rerun", run_id]) == 0
    assert "byte for byte" in capsys.readouterr().err


def test_a_rerun_of_a_run_whose_files_differ_fails_and_names_the_table(world, capsys) -> None:
    world.signup("a")
    lake = world.land()
    main(["link", "--lake", str(lake.root)])
    run_id = capsys.readouterr().out.strip()
    row = lake.table("runs").to_pyarrow_table()
    files = (
        row["files"][0]
        .as_py()
        .replace('"clusters.parquet":{"rows":0,"sha256":"', '"clusters.parquet":{"rows":0,"sha256":"0')
    )
    changed = row.set_column(row.schema.get_field_index("files"), "files", [[files]])
    from deltalake import write_deltalake

    write_deltalake(lake.table("runs"), changed, mode="overwrite")
    assert main(["link", "--lake", str(lake.root), "--rerun", run_id]) == 1
    assert "differs in clusters" in capsys.readouterr().err


def test_a_look_into_the_past_leaves_bursts_alone(world, capsys) -> None:
    world.signup("a")
    lake = world.land()
    assert main(["link", "--lake", str(lake.root), "--as-of", "2026-06-14T00:00:00Z"]) == 0
    assert "bursts" not in capsys.readouterr().err
    assert not lake.path("signup_bursts").exists()
