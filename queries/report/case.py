"""Writes a case folder: the report, the evidence as Parquet and CSV, the queries, the manifest."""

import shutil
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.contract.tables import Run
from pipeline.errors import LakeError, UsageError
from pipeline.lake import Lake
from queries.casefile.runs import current_run, sha256_of
from queries.catalogue import named_query
from queries.formats.delimited import write_csv
from queries.networks import FILE
from queries.report import manifest
from queries.report.derive import decisions_on, evidence
from queries.report.page import render


def write_case(lake: Lake, cluster_uid: str, folder: Path, made_by: str) -> manifest.Manifest:
    """Write the case of a cluster of the current run into the new folder `folder`; it appears whole or not at all.

    Raises UsageError if there is no such cluster or the folder has something in it, LakeError if the disk refuses.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty", expected="a new folder: a case is never changed")
    run, made_at = current_run(lake), datetime.now(UTC)
    tables = evidence(lake, run, cluster_uid, made_at)
    if not tables["cluster_summary"].num_rows:
        raise UsageError(
            f"no cluster {cluster_uid!r} in the current run", remedy="`hydratrace query clusters_ranked` lists them"
        )
    target = folder.absolute()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            _write_files(unfinished, tables, render(tables, run, made_at, made_by))
            if (lake.root / FILE).exists():
                shutil.copyfile(lake.root / FILE, unfinished / FILE)  # the list changes: `verify` reads this one
            made = _manifest(lake, unfinished, tables, run, made_at, made_by)
            (unfinished / manifest.NAME).write_bytes(manifest.encoded(made))
            unfinished.chmod(0o755)
            unfinished.replace(target)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as error:
        raise LakeError(f"cannot write {folder}: {error.strerror}") from None
    return made


def _write_files(folder: Path, tables: dict[str, pa.Table], page: str) -> None:
    (folder / "report.html").write_text(page, encoding="utf-8")
    for name in ("evidence", "queries"):
        (folder / name).mkdir()
    for name, rows in tables.items():
        pq.write_table(rows, folder / "evidence" / f"{name}.parquet", compression="zstd")
        with (folder / "evidence" / f"{name}.csv").open("wb") as file:
            write_csv(rows.to_reader(), file, None)
        query = named_query(name)
        text = f"-- {query.about}\n-- Run with the parameter cluster.\n{query.sql}\n"
        (folder / "queries" / f"{name}.sql").write_text(text, encoding="utf-8")


def _manifest(
    lake: Lake, folder: Path, tables: dict[str, pa.Table], run: Run, made_at: datetime, made_by: str
) -> manifest.Manifest:
    summary = tables["cluster_summary"].to_pylist()[0]
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    plain = manifest.Manifest(
        format_version=manifest.FORMAT_VERSION,
        cluster_uid=summary["cluster_uid"],
        revision=summary["revision"],
        made_at=made_at,
        run_id=run.run_id,
        positions=run.positions,
        as_of=run.as_of,
        code_version=version("hydratrace"),
        settings_hash=run.settings_hash,
        files={path.relative_to(folder).as_posix(): sha256_of(path) for path in files},
        log=[],
    )
    doings = [
        (decision.decided_at, decision.decided_by, f"decided {decision.disposition}: {decision.reason}")
        for decision in decisions_on(lake, summary["cluster_uid"], made_at)
    ]
    doings.append(
        (made_at, made_by, f"made this case; the manifest without its log is {manifest.content_digest(plain)}")
    )
    return msgspec.structs.replace(plain, log=manifest.chained(doings))
