"""A small simulated provider, landed, linked and published once; each test has a copy of its own."""

import shutil
from pathlib import Path

import pytest

from pipeline.lake import Lake
from queries.cli import main


@pytest.fixture(scope="session")
def kept_root(tmp_path_factory):
    root = tmp_path_factory.mktemp("kept")
    (root / "hydratrace.toml").write_text("")
    for words in (
        ["simulate", str(root / "events"), "--accounts", "50", "--operators", "1", "--days", "3", "--seed", "3"],
        ["land", "--files", str(root / "events"), "--lake", str(root / "lake"), "--key-file", str(root / "key")],
        ["link", "--lake", str(root / "lake")],
        ["publish", "--lake", str(root / "lake")],
    ):
        assert main(["--settings", str(root / "hydratrace.toml"), *words]) == 0
    return root


@pytest.fixture
def folder(kept_root, tmp_path):
    """Folder with lake, key, events and hydratrace.toml; yours to change."""
    shutil.copytree(kept_root, tmp_path / "provider")
    return tmp_path / "provider"


@pytest.fixture
def lake(folder: Path) -> Lake:
    return Lake.open(folder / "lake")
