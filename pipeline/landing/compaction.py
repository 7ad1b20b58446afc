"""Keeps tables at few files: a commit and a reader pay for each live file."""

import logging
from collections import Counter

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError

from pipeline.contract.tables import EVENT_TABLES
from pipeline.lake import Lake
from pipeline.landing.append import WRITER
from pipeline.landing.halfwritten import remove_half_written

# A commit costs about 80 µs a live file: with this many that could be merged away, 8 ms.
SPARE_FILES = 100
TARGET_BYTES = 64 * 2**20  # files of this size are left alone, so that a day's big file is not rewritten for small ones
# Vacuum beside a writer removed live files at retention 0, never from a day up; two days leave room for clocks.
VACUUM_HOURS = 48

log = logging.getLogger(__name__)


def compact_if_due(lake: Lake) -> list[str]:
    """Merge the small files of every landing table that has too many; return the tables that were compacted.

    A writer that is faster wins: the merge is then tried again at a later tick.
    """
    done = []
    for name in (*(table.name for table in EVENT_TABLES), "rejected", "matches"):
        if not lake.path(name).is_dir():
            continue
        try:
            delta = lake.table(name)
            if _spare_files(delta) <= SPARE_FILES:
                continue
            delta.optimize.compact(target_size=TARGET_BYTES, max_concurrent_tasks=1, writer_properties=WRITER)
            delta.vacuum(retention_hours=VACUUM_HOURS, dry_run=False, full=True)
            remove_half_written(lake.path(name), VACUUM_HOURS * 3600)
        except (CommitFailedError, DeltaError, OSError) as error:
            log.warning("compaction of %s put off: %s", name, str(error).partition("\n")[0])
            continue
        done.append(name)
    return done


def _spare_files(delta: DeltaTable) -> int:
    """Files that merging would save: any two below half the target size fit into one."""
    files = pa.table(delta.get_add_actions(flatten=True))
    sizes = zip(files["path"].to_pylist(), files["size_bytes"].to_pylist(), strict=True)
    small = Counter(path.rpartition("/")[0] for path, size in sizes if size < TARGET_BYTES // 2)
    return small.total() - len(small)
