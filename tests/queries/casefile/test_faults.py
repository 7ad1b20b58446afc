"""Publishing beside readers, killed at any moment, and on a disk that refuses."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import write_deltalake

from pipeline.lake import Lake
from queries.casefile.publish import publish
from queries.sandbox import Limits, open_case

PUBLISH = [sys.executable, "-c", "from queries.cli import main; raise SystemExit(main())", "publish", "--lake"]
# 256 KiB: less than any DuckDB file with our tables.
SMALL_DISK = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (2**18, 2**18))
from queries.cli import main
raise SystemExit(main())
"""


def land_one_more(lake: Lake, world: dict[str, pa.Table], number: int) -> None:
    rows = world["usage"].slice(0, 1).to_pylist()
    rows[0] |= {"event_id": f"more-{number}", "_offset": 1000 + number}
    write_deltalake(lake.table("usage"), pa.Table.from_pylist(rows, schema=world["usage"].schema), mode="append")


def requests_of_a1(lake: Lake) -> int:
    with open_case(lake.root, Limits()) as connection:
        row = connection.sql("SELECT count(*) FROM all_usage WHERE account_id = 'a1'").fetchall()[0]
    return row[0]


def test_people_query_while_it_publishes(published: Lake, world: dict[str, pa.Table]) -> None:
    def keep_publishing() -> None:
        for number in range(4):
            land_one_more(published, world, number)
            publish(published)

    writer = threading.Thread(target=keep_publishing)
    writer.start()
    seen = []
    while writer.is_alive():
        seen.append(requests_of_a1(published))
    writer.join()
    assert requests_of_a1(published) == 6
    assert seen == sorted(seen) and set(seen) <= {2, 3, 4, 5, 6}


def test_killed_at_any_moment_the_old_case_file_stays_and_the_next_publish_works(
    published: Lake, world: dict[str, pa.Table]
) -> None:
    land_one_more(published, world, 0)
    for delay in (0.55, 0.7, 0.8, 0.9):
        process = subprocess.Popen([*PUBLISH, str(published.root)], stdout=subprocess.DEVNULL)
        time.sleep(delay)
        process.kill()
        process.wait()
        assert requests_of_a1(published) in {2, 3}
    publish(published)
    assert requests_of_a1(published) == 3
    assert not list(published.root.glob(".*.duckdb.*")) + list((published.root / "segments").glob(".*"))


def test_a_full_disk_is_one_clear_line_and_leaves_the_old_case_file(
    published: Lake, world: dict[str, pa.Table]
) -> None:
    before = (published.root / "case.duckdb").read_bytes()
    land_one_more(published, world, 0)
    command = [sys.executable, "-c", SMALL_DISK, "publish", "--lake", str(published.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("hydratrace publish: cannot publish to") and done.stderr.count("\n") == 1
    assert (published.root / "case.duckdb").read_bytes() == before
    with duckdb.connect(str(published.root / "case.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM clusters").fetchall() == [(2,)]


def test_a_case_file_copied_elsewhere_stands_alone(published: Lake, tmp_path: Path) -> None:
    copied = tmp_path / "copied.duckdb"
    copied.write_bytes((published.root / "case.duckdb").read_bytes())
    with duckdb.connect(str(copied), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM why_linked('a1', 'a3')").fetchall() == [(3,)]
        assert connection.execute("SELECT count(*) FROM all_events").fetchall() == [(15,)]
