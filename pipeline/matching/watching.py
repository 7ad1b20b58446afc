"""Keeps a process's watch list in step with the lake while it lands."""

import logging
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from deltalake.exceptions import DeltaError

from pipeline.contract.tables import Decision
from pipeline.decisions import CLEARED, CONFIRMED, last_words
from pipeline.deltalog import newest_version
from pipeline.errors import LakeError
from pipeline.lake import Lake
from pipeline.matching.watchlist import KeySet, WatchList
from pipeline.runs import present_runs, run_table

# A new run or decision counts from the next look on. A look costs two listings of small folders.
LOOK_SECONDS = 1.0
ACCUSED = frozenset({"distillation", "trial_abuse"})

OF_A_KEY = ("cluster_uid", "kind", "key", "family", "is_circumstantial", "weight")

log = logging.getLogger(__name__)


class Watching:
    """The watch list of one lake."""

    def __init__(self, lake: Lake) -> None:
        self._lake, self._lock = lake, threading.Lock()
        self._list, self._versions, self._looked = WatchList(), (-1, -1), -LOOK_SECONDS

    def now(self) -> WatchList:
        """The list as of the last second; landing goes on with the old one where the new one cannot be read."""
        with self._lock:
            if time.monotonic() - self._looked >= LOOK_SECONDS:
                self._look()
                self._looked = time.monotonic()
            return self._list

    def _look(self) -> None:
        runs, decisions = (newest_version(self._lake.path(name)) for name in ("runs", "decisions"))
        if (runs, decisions) == self._versions:
            return
        self._versions = runs, decisions  # a run that cannot be read is told of once: the next one may be read
        try:
            self._list = load(self._lake)
        except (LakeError, DeltaError, OSError) as error:
            log.warning("keys of known operators are watched as before: %s", str(error).partition("\n")[0])


def load(lake: Lake) -> WatchList:
    """The list of the newest run over everything landed; empty where there is none.

    Raises LakeError, DeltaError or OSError if it cannot be read.
    """
    runs = present_runs(lake)
    if not runs:
        return WatchList()
    run = runs[-1]
    clusters = run_table(lake, run, "clusters")
    verdicts = dict(zip(clusters["cluster_uid"].to_pylist(), clusters["verdict"].to_pylist(), strict=True))
    known = pa.array(sorted(_operators(verdicts, last_words(lake))), pa.string())
    members = _of(run_table(lake, run, "cluster_members"), known)
    watched = _of(run_table(lake, run, "watched_keys"), known)
    # A key of several members has a row for each; odds so high are no two clusters'.
    once = watched.group_by(list(OF_A_KEY), use_threads=False).aggregate([])
    return WatchList(
        run.run_id,
        {kind: KeySet(once.filter(pc.field("kind") == kind)) for kind in once["kind"].unique().to_pylist()},
        dict(zip(members["account_id"].to_pylist(), members["cluster_uid"].to_pylist(), strict=True)),
    )


def _operators(verdicts: Mapping[str, str], words: Mapping[str, Decision]) -> set[str]:
    """Clusters that are accused or confirmed, and not cleared: an investigator's word counts more than the verdict."""
    confirmed = {uid for uid, word in words.items() if word.disposition == CONFIRMED}
    cleared = {uid for uid, word in words.items() if word.disposition in CLEARED}
    accused = {uid for uid, verdict in verdicts.items() if verdict in ACCUSED}
    return (accused - cleared) | (confirmed & verdicts.keys())


def _of(rows: pa.Table, clusters: pa.Array) -> pa.Table:
    return rows.filter(pc.is_in(rows["cluster_uid"], value_set=clusters))


# A micro-batch pickles its transforms and throws them away: the list belongs to the process.
_watching: dict[Path, Watching] = {}


def watching(lake: Lake) -> Watching:
    """The watch list that this process keeps for `lake`."""
    return _watching.setdefault(lake.root, Watching(lake))
