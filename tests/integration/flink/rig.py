"""All that a landing job on Flink needs: a broker, a cluster, a lake, and `hydratrace land` as a process."""

import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path

import duckdb

from pipeline.contract.events import TOPIC_OF_TABLE
from pipeline.lake import MARKER, Lake
from pipeline.landing.flink_rest import FlinkRest
from pipeline.landing.on_flink import job_name
from tests.integration.flink import jars
from tests.integration.flink.cluster import HOST, Cluster, Ports
from tests.integration.kafka import jars as kafka_jars
from tests.integration.kafka import topics
from tests.integration.kafka.broker import PORTS, Broker

END_SECONDS = 10.0


class Rig:
    """`partitions` is table → how many its topic has."""

    def __init__(self, folder: Path, partitions: Mapping[str, int], *, slots: int = 2) -> None:
        self.folder, self.partitions = folder, partitions
        self.broker = Broker(_made(folder / "kafka"), kafka_jars.resolve())
        self.cluster = Cluster(_made(folder / "flink"), jars.resolve(), _free_ports(), slots)
        self.key, self.root, self.log = folder / "key", folder / "lake", folder / "land.log"
        self.landing: subprocess.Popen[bytes] | None = None

    @property
    def lake(self) -> Lake:
        """The lake, when it is there."""
        return Lake.open(self.root)

    def start(self) -> None:
        """Start the broker with its topics, and the cluster."""
        self.broker.start()
        for table, count in self.partitions.items():
            # Simulated events bear the times of last summer.
            topics.create_topic(self.broker.bootstrap_servers, TOPIC_OF_TABLE[table].name, count, retention_ms="-1")
        self.cluster.start()

    def land(self, settings: Mapping[str, object], *beam: str) -> None:
        """Start `hydratrace land --follow` on Flink; `settings` by their names."""
        self._start(self.command("land", "--follow", "--", *self.cluster.beam_options, *beam), settings)

    def run(self) -> None:
        """Start `hydratrace run`, landing on Flink."""
        self._start(self.command("run", "--listen", f"{HOST}:{_free(1)[0]}", "--", *self.cluster.beam_options), {})

    def _start(self, command: Sequence[str], settings: Mapping[str, object]) -> None:
        environment = {f"HYDRATRACE_{name.upper()}": str(value) for name, value in settings.items()}
        with self.log.open("ab") as log:
            self.landing = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **environment}
            )

    def command(self, name: str, *words: str, lake: str = "") -> list[str]:
        """`hydratrace NAME` from the broker."""
        script = str(Path(sys.executable).with_name("hydratrace"))
        place = ["--lake", str(self.folder / lake if lake else self.root), "--key-file", str(self.key)]
        return [script, name, *place, "--bootstrap-servers", self.broker.bootstrap_servers, *words]

    def end_landing(self) -> int:
        """SIGTERM; its exit status. Raises subprocess.TimeoutExpired if it takes longer than it may."""
        assert self.landing
        self.landing.send_signal(signal.SIGTERM)
        status = self.landing.wait(END_SECONDS)
        self.landing = None
        return status

    def active_jobs(self) -> list[str]:
        """Our jobs that Flink runs."""
        return FlinkRest(f"{HOST}:{self.cluster.ports.rest}").active(job_name(self.lake))

    def submissions(self) -> int:
        """How often a job was submitted."""
        return self.cluster.members["jobserver"].log.read_text(errors="replace").count(" Submitting job '")

    def landed(self) -> int:
        """How far all partitions have landed: the sum of their positions."""
        return sum(self.lake.positions().values()) if (self.root / MARKER).exists() else 0

    def land_in_micro_batches(self, lake: str) -> Lake:
        """Land the same topics in another lake, in this machine's own process."""
        subprocess.run(self.command("land", "--once", lake=lake), check=True, capture_output=True)
        return Lake.open(self.folder / lake)

    def stop(self) -> None:
        """End everything."""
        if self.landing:
            self.landing.kill()
            self.landing.wait()
        self.cluster.stop()
        if self.broker.is_running:
            self.broker.kill()


@contextmanager
def running(folder: Path, partitions: Mapping[str, int], *, slots: int = 2) -> Iterator[Rig]:
    """A rig that runs inside the block."""
    rig = Rig(folder, partitions, slots=slots)
    try:
        rig.start()
        yield rig
    finally:
        rig.stop()


def differing(one: Lake, other: Lake) -> dict[str, int]:
    """Table → rows, but for when they landed, that are not in both lakes equally often; none if the lakes are equal."""
    found: dict[str, int] = {}
    for table in (*TOPIC_OF_TABLE, "rejected"):
        mine, theirs = (f"SELECT * EXCLUDE (_landed_at) FROM ({lake.select(table)})" for lake in (one, other))
        for left, right in ((mine, theirs), (theirs, mine)):
            count = duckdb.sql(f"SELECT count(*) FROM (({left}) EXCEPT ALL ({right}))").fetchall()[0][0]
            found[table] = found.get(table, 0) + count
    return {table: count for table, count in found.items() if count}


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _free_ports() -> Ports:
    names = [each.name for each in fields(Ports)]
    return Ports(**dict(zip(names, _free(len(names)), strict=True)))


def _free(count: int) -> list[int]:
    free: list[int] = []
    while len(free) < count:
        port = random.choice(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            free.append(port)
    return free
