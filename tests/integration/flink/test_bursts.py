"""The bounded pipeline of sign-up bursts on Flink: the table of a run in one process."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.bursts.update import update
from tests.integration.flink.rig import running
from tests.pipeline.bursts.test_update import Landing, crowd

pytestmark = pytest.mark.flink

PATIENCE_SECONDS = 300.0


def test_bursts_drawn_on_flink_are_those_drawn_in_one_process(tmp_path):
    here, there = Landing(tmp_path / "here"), Landing(tmp_path / "there")
    for landing in (here, there):
        landing.land(crowd(seed=1))
    update(here.lake)
    script = str(Path(sys.executable).with_name("hydratrace"))
    with running(tmp_path / "rig", {}) as rig:
        command = [script, "bursts", "--lake", str(there.lake.root), "--", *rig.cluster.beam_options]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    assert ran.returncode == 0, ran.stderr
    assert "days drawn anew" in ran.stdout
    assert there.bursts() == here.bursts() != []
