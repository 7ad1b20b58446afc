import os
import time

from pipeline.lake import Lake
from queries.keeping.rows import vacuum

DAYS = 3 * 86_400


def test_vacuum_leaves_the_files_of_runs_alone_however_old_they_are(landed: Lake) -> None:
    """They lie in the folder of the Delta table `runs`, whose log does not know them."""
    kept = sorted(landed.runs_dir().glob("run-1/*.parquet"))
    old = time.time() - DAYS
    for path in kept:
        os.utime(path, (old, old))
    vacuum(landed, ["runs"])
    assert kept
    assert sorted(landed.runs_dir().glob("run-1/*.parquet")) == kept
