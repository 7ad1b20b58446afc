import subprocess
import sys

import pytest

from pipeline.alerts.claims import only_sender
from pipeline.errors import LakeError

HOLDER = """
import sys, time
from pathlib import Path
from pipeline.alerts.claims import only_sender
from pipeline.lake import Lake
with only_sender(Lake.open(Path(sys.argv[1])), "h") as mine:
    print(mine, flush=True)
    time.sleep(60)
"""


def test_a_claim_is_one_processs_and_ends_when_that_is_killed(linked):
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(linked.root)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "True\n"
    with only_sender(linked.lake, "h", wait=0.1) as mine:
        assert not mine
    with only_sender(linked.lake, "other", wait=0) as mine:
        assert mine
    holder.kill()
    holder.communicate()
    with only_sender(linked.lake, "h", wait=0) as mine:
        assert mine


def test_two_threads_do_not_share_a_claim(linked):
    with only_sender(linked.lake, "h", wait=0) as first, only_sender(linked.lake, "h", wait=0) as second:
        assert (first, second) == (True, False)


def test_a_lake_that_takes_no_locks_says_so(linked):
    (linked.root / "locks").write_text("in the way")
    with pytest.raises(LakeError, match="cannot claim hook h"), only_sender(linked.lake, "h"):
        pass
