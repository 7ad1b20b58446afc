"""Links that run side by side, and links that are killed."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pyarrow.parquet as pq

from graph.link import link

LINK = "import sys; from queries.cli import main; sys.exit(main(['link', '--lake', sys.argv[1]]))"


def told(line: str) -> None:
    """Progress that nobody reads."""


def test_two_links_at_once_both_become_runs_with_equal_clusters(world, crowd) -> None:
    crowd(world, 200)
    for i in range(6):
        for card in range(3):
            world.event("payment", f"pool-{i}", 500 + i, card_key=f"shared-{card}")
    lake = world.land()
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _: link(lake, None, told), range(2)))
    assert {run.run_id for run in lake.runs()} == {run.run_id for run in runs}
    members = [pq.read_table(lake.run_file(run.run_id, "cluster_members"), columns=["account_id"]) for run in runs]
    assert members[0] == members[1]
    assert members[0].num_rows == 6


def test_a_killed_link_leaves_no_run_and_the_next_one_works(world, crowd) -> None:
    crowd(world, 60)
    lake = world.land()
    for wait in (0.3, 1.5):
        process = subprocess.Popen(
            [sys.executable, "-c", LINK, str(lake.root)], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        time.sleep(wait)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    before = len(lake.runs())
    run = link(lake, None, told)
    assert len(lake.runs()) == before + 1
    assert lake.runs()[-1].run_id == run.run_id
    for each in lake.runs():
        for name in ("clusters", "links", "account_keys"):
            assert pq.ParquetFile(lake.run_file(each.run_id, name)).metadata.num_rows >= 0
