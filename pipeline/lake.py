"""The lake: a folder of Delta tables and immutable run folders, and the rules for opening it."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import unquote

import msgspec
import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.ddl import parquet_source
from pipeline.contract.tables import BY_NAME, Home, Run
from pipeline.deltalog import transaction_versions
from pipeline.errors import LakeError
from pipeline.onefile import make_once

FORMAT_VERSION = 1
MARKER = "hydratrace.json"

# The log costs 8 ms a commit per 1,000 entries: at a commit a second an hour of it is 30 ms. Nothing needs old
# versions, since runs pin positions. Files that left the table stay a day for readers that have listed them.
TABLE_PROPERTIES: Mapping[str, str | None] = {
    "delta.logRetentionDuration": "interval 1 hours",
    "delta.deletedFileRetentionDuration": "interval 1 days",
    "delta.checkpointInterval": "20",
}


class Marker(msgspec.Struct, forbid_unknown_fields=False):
    """Contents of the marker file: the lake's format, and a check value of the key its tokens were made with."""

    format_version: int
    key_check: str


class Span(NamedTuple):
    """A live file of an event table: whose rows it has, all of one topic; `topic_id` is None where the log says not."""

    path: str
    topic_id: str | None
    partitions: tuple[int, int]
    offsets: tuple[int, int]


class Lake:
    """An existing lake at `root`; use `Lake.open` or `Lake.create`."""

    def __init__(self, root: Path, marker: Marker) -> None:
        self.root, self.marker = root, marker

    @classmethod
    def open(cls, root: Path) -> "Lake":
        """Open the lake at `root`.

        Raises LakeError if there is none, it cannot be read, or a newer hydratrace wrote it.
        """
        path = _without_escapes(root) / MARKER
        try:
            marker = msgspec.json.decode(path.read_bytes(), type=Marker)
        except FileNotFoundError:
            raise LakeError(
                f"no lake at {root}", expected=f"a folder with {MARKER}", remedy="land events first: hydratrace land"
            ) from None
        except (OSError, msgspec.MsgspecError) as error:
            raise LakeError(f"cannot read {path}: {error}", remedy="restore the file or choose another lake") from None
        if marker.format_version > FORMAT_VERSION:
            raise LakeError(
                f"the lake at {root} has format {marker.format_version}",
                expected=f"format {FORMAT_VERSION} or older",
                remedy="use a newer hydratrace",
            )
        return cls(root.resolve(), marker)

    @classmethod
    def create(cls, root: Path, key_check: str) -> "Lake":
        """Open the lake at `root`, making it first if there is none; `key_check` must be the existing lake's own.

        Raises LakeError if the folder cannot be made, or the lake's tokens were made with another key.
        """
        path = _without_escapes(root) / MARKER
        try:
            if not path.exists():
                root.mkdir(parents=True, exist_ok=True)
                _refuse_a_full_folder(root)
                make_once(path, msgspec.json.encode(Marker(FORMAT_VERSION, key_check)))
        except OSError as error:
            raise LakeError(f"cannot make a lake at {root}: {error.strerror}") from None
        lake = cls.open(root)
        if lake.marker.key_check != key_check:
            raise LakeError(
                f"the lake at {root} was written with another key",
                expected="the key file it was first landed with",
                remedy="name that file in key_file, or start a new lake",
            )
        return lake

    def path(self, name: str) -> Path:
        """Folder of the Delta table `name`."""
        return self.root / name

    def runs_dir(self) -> Path:
        """Folder that holds one folder per link run."""
        return self.root / "runs"

    def table(self, name: str) -> DeltaTable:
        """The Delta table `name` at its newest version; made empty if it is not there yet."""
        spec = BY_NAME[name]
        assert spec.home is not Home.RUN, name
        if not DeltaTable.is_deltatable(str(self.path(name))):
            with suppress(CommitFailedError):  # another thread or job makes it at this very moment
                DeltaTable.create(
                    str(self.path(name)),
                    schema=arrow_schema(spec),
                    mode="ignore",
                    partition_by=[spec.partition_by] if spec.partition_by else None,
                    configuration=TABLE_PROPERTIES,
                    raise_if_key_not_exists=False,
                )
        return DeltaTable(str(self.path(name)))

    def files(self, name: str, days: Collection[date] | None = None) -> list[str]:
        """Paths of the live Parquet files of the Delta table `name`, of `days` if given; empty if never written."""
        if not DeltaTable.is_deltatable(str(self.path(name))):
            return []
        files = live_files(DeltaTable(str(self.path(name))))
        if days is None:
            return files
        folders = {f"{BY_NAME[name].partition_by}={day}" for day in days}
        return [file for file in files if Path(file).parent.name in folders]

    def spans(self, name: str, days: Collection[date] | None = None) -> list[Span]:
        """The live files of the event table `name`, of `days` if given, each with its least and greatest address."""
        if not DeltaTable.is_deltatable(str(self.path(name))):
            return []
        folders = days if days is None else {f"{BY_NAME[name].partition_by}={day}" for day in days}
        added = pa.table(DeltaTable(str(self.path(name))).get_add_actions(flatten=True)).to_pylist()
        spans = [_span(self.path(name) / unquote(file["path"]), file) for file in added]
        return sorted(span for span in spans if folders is None or Path(span.path).parent.name in folders)

    def select(self, name: str, days: Collection[date] | None = None) -> str:
        """SQL (DuckDB) that reads the Delta table `name` as it is now, with the contract's columns.

        Of a table that is partitioned by day, only the files of `days` are read if they are given.
        """
        return parquet_source(BY_NAME[name], self.files(name, days))

    def positions(self) -> dict[str, int]:
        """Application id (topic id/partition, or a file's path) → end of what has landed, over all event tables."""
        found: dict[str, int] = {}
        for table in BY_NAME.values():
            if table.home is Home.EVENTS:
                found.update(transaction_versions(self.path(table.name)))
        return found

    def runs(self) -> list[Run]:
        """All link runs, oldest first."""
        if not DeltaTable.is_deltatable(str(self.path("runs"))):
            return []
        table: pa.Table = pa.table(DeltaTable(str(self.path("runs"))).to_pyarrow_table())
        rows = [msgspec.convert(row, Run) for row in table.to_pylist()]
        return sorted(rows, key=lambda run: (run.started_at, run.run_id))

    def run_file(self, run_id: str, table: str) -> Path:
        """Path of the Parquet file that the run `run_id` wrote for `table`."""
        return self.runs_dir() / run_id / f"{table}.parquet"


def _span(path: Path, file: dict[str, Any]) -> Span:
    """A file with the statistics of its add action; a file of several topics, or without statistics, says nothing."""
    topics, partitions, offsets = (
        (file.get(f"min.{name}"), file.get(f"max.{name}")) for name in ("_topic_id", "_partition", "_offset")
    )
    if None in (*topics, *partitions, *offsets) or topics[0] != topics[1]:
        return Span(str(path), None, (0, 0), (0, 0))
    return Span(str(path), topics[0], cast(tuple[int, int], partitions), cast(tuple[int, int], offsets))


def _refuse_a_full_folder(root: Path) -> None:
    """Raise LakeError if others' files are in the folder; another job's draft of the marker is not others'."""
    other = next((path.name for path in root.iterdir() if not path.name.startswith(MARKER)), None)
    if other is not None and not (root / MARKER).exists():
        raise LakeError(f"{root} holds other files", expected="an existing lake, or an empty or new folder")


def live_files(table: DeltaTable) -> list[str]:
    """Paths of the Parquet files of `table` at its version."""
    # deltalake gives plain paths, but percent-encoded as in a URL.
    return sorted(map(unquote, table.file_uris()))


def _without_escapes(root: Path) -> Path:
    # deltalake decodes the paths it is given as well: it would write to /a b when told /a%20b.
    if unquote(str(root.resolve())) != str(root.resolve()):
        raise LakeError(f"the path {root.resolve()} holds a percent escape", remedy="choose a folder without one")
    return root
