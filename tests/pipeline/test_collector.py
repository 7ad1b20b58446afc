import gc
import subprocess
import sys

import pytest

from pipeline import collector


def test_collections_pause_and_go_on_even_after_an_error():
    assert gc.isenabled()
    with pytest.raises(ValueError, match="x"), collector.paused():
        assert not gc.isenabled()
        with collector.paused():
            pass
        assert not gc.isenabled(), "the outer pause is not over"
        raise ValueError("x")
    assert gc.isenabled()


def test_imports_are_spared_once():
    collector.spare_imports()
    spared = gc.get_freeze_count()
    assert spared > 0
    made = [[] for _ in range(1000)]
    collector.spare_imports()
    assert gc.get_freeze_count() < spared + len(made), "what came later is still collected"


def test_a_process_with_duckdb_ends_without_a_word():
    code = "import duckdb; from pipeline import collector; collector.spare_imports()"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert ended.stdout + ended.stderr == b""
