"""A link run: from landed events to operators, in stages."""

import hashlib
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import duckdb
import msgspec
import numpy as np
import pyarrow as pa

from graph.anchors import confirmed_operators, labelled_accounts
from graph.attested import attested_organisations
from graph.fragility import fragility
from graph.keys.days import draw_days, update_days
from graph.keys.held import accounts_of, add_lone, make_held
from graph.lineage import Known, name_clusters, remembered
from graph.links import Scored, keep_pairs, together
from graph.null import MICRO, Bools, Ints
from graph.pairs import make_pairs
from graph.runfiles import different_files, make_visible, write_files
from graph.signals.signal import Family
from graph.snapshot import pin, view_events
from graph.tables import clusters as cluster_tables
from graph.tables import evidence, population, watched
from graph.verdict.facts import Outside, conduct
from graph.verdict.forerunners import set_apart
from graph.verdict.judged import Judged
from graph.waves import Given, find_clusters, weigh
from pipeline.contract.tables import Run
from pipeline.errors import LakeError
from pipeline.lake import Lake

# No setting bears on what a link finds: every threshold is measured on the data or a constant of the code.
TICK = timedelta(microseconds=1)
NO_SETTINGS = hashlib.sha256(b"").hexdigest()

# DuckDB's share of a link's memory, half of the 6 GiB that a link is to stay below; above it tables go to files in the
# temporary directory. Arrays and the run's own tables come on top.
MEMORY = "3GB"

Tell = Callable[[str], None]


@dataclass
class Stages:
    """Tells each stage with its seconds."""

    tell: Tell
    began: float = field(default_factory=time.perf_counter)

    def done(self, what: str) -> None:
        """Say that a stage is over."""
        now = time.perf_counter()
        self.tell(f"{now - self.began:6.2f} s  {what}")
        self.began = now


def link(lake: Lake, as_of: datetime | None, tell: Tell) -> Run:
    """Link what has landed (before `as_of`, where given), write the run and make it visible.

    Raises LakeError if the lake cannot be read or written, or the null makes no sense.
    """
    # A look into the past is nobody's predecessor: names, growth and ends are told from one present to the next.
    previous = [run for run in lake.runs() if run.as_of is None]
    # Runs are ordered by when they started: a clock that was set back must not put this one before the last.
    started = max(datetime.now(UTC), previous[-1].started_at + TICK) if previous else datetime.now(UTC)
    stages = Stages(tell)
    with _spilling() as con:
        positions, days = update_days(con, lake)
        stages.done("keys per account and day up to date")
        run = Run(
            run_id=f"{started:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}",
            started_at=started,
            as_of=as_of,
            positions=msgspec.json.encode(positions, order="sorted").decode(),
            previous_run_id=previous[-1].run_id if previous else None,
            code_version=version("hydratrace"),
            settings_hash=NO_SETTINGS,
            files="{}",
        )
        tables = compute(con, lake, run, "" if as_of else days, stages)
    run = msgspec.structs.replace(run, files=write_files(lake, run.run_id, tables))
    make_visible(lake, run)
    stages.done("written")
    return run


def compute(
    con: duckdb.DuckDBPyConnection, lake: Lake, run: Run, days: str, stages: Stages, without: Family | None = None
) -> dict[str, pa.Table]:
    """The tables of `run`, a function of its positions, `as_of`, run id and earlier runs alone.

    `days`: SQL that reads the account_key_days of the run's positions; empty: they are drawn from the events.
    `without`: a family whose keys link nobody, to learn what it is worth.
    """
    pin(con, msgspec.json.decode(run.positions, type=dict[str, int]))
    days = days or draw_days(con, lake, run.as_of)
    view_events(con, lake, run.as_of)
    stages.done("events found")
    make_held(con, days, without)
    accounts = accounts_of(con)
    make_pairs(con)
    stages.done(f"keys and candidate pairs of {accounts} accounts")
    earlier = remembered(lake, run)
    operators = confirmed_operators(con, lake, run.started_at, earlier)
    given = Given(operators, labelled_accounts(con), attested_organisations(con), conduct(con))
    clusters = find_clusters(con, given, stages.done)
    judged = set_apart(con, clusters.labels, clusters.found, given.conduct, clusters.tied)
    labels = judged.labels
    scored = weigh(con, clusters.agreements, labels, given.organisations)
    stages.done(f"{len(np.unique(labels[labels >= 0]))} clusters of {int((labels >= 0).sum())} accounts")
    kept = np.flatnonzero(clusters.sown | _inside(scored, labels))
    keep_pairs(con, scored, kept)
    add_lone(con, days)
    made = _cluster_tables(con, earlier, run, judged, (scored.left[kept], scored.right[kept]))
    stages.done("verdicts and names" + _unknown(judged.outside))
    return made | {
        "account_keys": population.account_keys(con, run.run_id),
        "stranger_null": population.stranger_null(scored.chance, run.run_id),
        "links": evidence.links(con, run.run_id),
        "link_evidence": evidence.link_evidence(con, run.run_id),
        "watched_keys": watched.watched_keys(con, run.run_id),
    }


def _unknown(outside: Outside) -> str:
    told = {"tasks": outside.tasks, "payments": outside.payments, "trial programs": outside.programs}
    missing = [what for what, known in told.items() if not known]
    return f"; no {', no '.join(missing)} known: none came, or in no words known here" if missing else ""


def _cluster_tables(
    con: duckdb.DuckDBPyConnection,
    earlier: list[Known],
    run: Run,
    judged: Judged,
    linked: tuple[Ints, Ints],
) -> dict[str, pa.Table]:
    labels, found = judged.labels, judged.found
    ids = con.sql("SELECT account_id FROM account ORDER BY a").fetchnumpy()["account_id"]
    members = [frozenset(ids[found.a[at]].tolist()) for at in judged.places]
    named = name_clusters(run.run_id, members, [v.verdict for v in judged.verdicts], earlier)
    cluster_tables.place_names(con, judged.facts, named)
    rows = cluster_tables.clusters(run.run_id, judged.facts, judged.verdicts, fragility(judged), named)
    return {
        "clusters": rows,
        "cluster_members": cluster_tables.cluster_members(con, run.run_id, labels, found, linked),
        "member_evidence": cluster_tables.member_evidence(con, run.run_id, labels, found),
        "cluster_lineage": cluster_tables.cluster_lineage(run.run_id, named),
        "extraction_ledger": cluster_tables.extraction_ledger(con, run.run_id),
    }


@contextmanager
def _spilling() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection bound to MEMORY, whose spill files are gone when it is closed.

    Raises LakeError if what runs with it finds too little memory.
    """
    with tempfile.TemporaryDirectory(prefix="hydratrace-link-") as folder, duckdb.connect() as con:
        con.execute(f"SET memory_limit = '{MEMORY}'")
        con.execute("SET temp_directory = $folder", {"folder": folder})
        try:
            yield con
        except (MemoryError, duckdb.OutOfMemoryException) as error:
            raise LakeError(
                f"the link ran out of memory: {str(error).partition(chr(10))[0] or 'the system has none left'}",
                expected=f"{MEMORY} for DuckDB and as much again for what pairs of accounts agree in",
                remedy=f"link where more memory is free, with room for spilled tables in {tempfile.gettempdir()}; "
                "the last run stays current",
            ) from None


def _inside(scored: Scored, labels: Ints) -> Bools:
    """Pairs within a cluster that agree enough for a reason: each would be a coincidence of one in twenty or rarer."""
    same = together(labels, scored.left, scored.right)
    return np.asarray(same & (scored.weights.sum(axis=1) >= 3 * MICRO), dtype=np.bool_)


def rerun(lake: Lake, run_id: str, tell: Tell) -> list[str]:
    """Compute the run `run_id` again; returns the tables that come out different from its files.

    Raises LakeError if there is no such run.
    """
    runs = {run.run_id: run for run in lake.runs()}
    if run_id not in runs:
        raise LakeError(f"no run {run_id!r} in {lake.root}", expected="a run_id of the table runs")
    with _spilling() as con:
        tables = compute(con, lake, runs[run_id], "", Stages(tell))
    differing = different_files(runs[run_id], tables)
    tell(f"differs in {', '.join(differing)}" if differing else f"{run_id} comes out the same, byte for byte")
    return differing
