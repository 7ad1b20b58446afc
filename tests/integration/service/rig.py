"""`hydratrace run` on a real broker: a simulated provider's events go in, a file of alerts comes out."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.contract.events import TOPIC_OF_TABLE
from pipeline.lake import Lake
from pipeline.runs import present_runs
from queries.cli import main
from tests.integration.kafka import topics
from tests.integration.kafka.broker import Broker

LOOK_SECONDS = 0.02
PROGRAM = "import sys; from queries.cli import main; sys.exit(main())"

T = TypeVar("T")


class Rig:
    """One provider, one lake and one hook; `link_minutes` is how long a link run may be waited for."""

    def __init__(self, folder: Path, broker: Broker, link_minutes: float) -> None:
        self.folder, self.servers = folder, broker.bootstrap_servers
        self.alerts, self.log = folder / "alerts.jsonl", folder / "log"
        self.names = {table: f"{folder.name}.{topic.name}" for table, topic in TOPIC_OF_TABLE.items()}
        listed = "\n".join(f'{table} = "{name}"' for table, name in self.names.items())
        (folder / "hydratrace.toml").write_text(f"""
            lake = "lake"
            key_file = "key"
            link_minutes = {link_minutes}
            listen = "127.0.0.1:0"
            [topics]
            {listed}
            [[hooks]]
            name = "log"
            type = "jsonl"
            path = "alerts.jsonl"
            verdicts = ["distillation", "trial_abuse", "resale", "organisation", "undetermined"]
            """)
        for name in self.names.values():
            topics.create_topic(self.servers, name, partitions=2)

    @property
    def lake(self) -> Lake:
        """The lake, which the first run makes."""
        return Lake.open(self.folder / "lake")

    def simulate(self, name: str, *flags: str) -> dict[str, list[bytes]]:
        """Table → events of a simulated provider."""
        assert main(["simulate", str(self.folder / name), *flags]) == 0
        return {
            table: (self.folder / name / f"{topic.name}.jsonl").read_bytes().splitlines()
            for table, topic in TOPIC_OF_TABLE.items()
        }

    def send(self, table: str, events: list[bytes]) -> float:
        """Write events; returns when the broker had them (monotonic clock)."""
        for partition in (0, 1):
            mine = [(None, event) for event in events[partition::2]]
            topics.produce(self.servers, self.names[table], mine, partition=partition)
        return time.monotonic()

    @contextmanager
    def running(self, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
        """`hydratrace run`, killed at the end of the block together with its steps."""
        command = [sys.executable, "-c", PROGRAM, "--settings", str(self.folder / "hydratrace.toml"), "run", *words]
        quiet = {name: value for name, value in os.environ.items() if not name.startswith("HYDRATRACE_")}
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [*command, "--bootstrap-servers", self.servers], stdout=log, stderr=log, env=quiet
            )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)  # its steps notice, and end by themselves
            process.wait()

    def told(self) -> list[dict[str, Any]]:
        """Findings of the alerts so far."""
        if not self.alerts.exists():
            return []
        whole = self.alerts.read_bytes().rpartition(b"\n")[0]
        return [json.loads(line)["data"] for line in whole.splitlines()]

    def touchers(self) -> set[str]:
        """Accounts that an alert named as touching a known operator."""
        return {touch["account_id"] for finding in self.told() for touch in finding.get("touches", ())}

    def conversations(self, events: list[bytes]) -> list[dict[str, Any]]:
        """Of `events` (usage), one for each conversation of an accused operator that landing watches, as sent."""
        run = present_runs(self.lake)[-1]
        watched, clusters = (
            pq.read_table(self.lake.run_file(run.run_id, name)) for name in ("watched_keys", "clusters")
        )
        accused = clusters.filter(pc.field("verdict").isin(["distillation", "trial_abuse"]))["cluster_uid"]
        mine = watched.filter(pc.is_in(watched["cluster_uid"], value_set=accused.combine_chunks()))
        with duckdb.connect() as con:
            con.register("watched", mine.filter(pc.field("kind") == "conversation"))
            rows = con.sql(f"""
                SELECT min(event_id) FROM ({self.lake.select("usage")})
                WHERE conversation_prefix_hash IN (SELECT key FROM watched) AND status < 400
                GROUP BY conversation_prefix_hash ORDER BY 1""").fetchall()
        by_id = {event["event_id"]: event for event in map(json.loads, events)}
        return [by_id[event_id] for (event_id,) in rows if event_id in by_id]


def touching(event: dict[str, Any], number: int) -> tuple[str, bytes]:
    """The conversation of `event` going on, now, on an account that nobody has seen."""
    account = f"late-{number}"
    now = datetime.now(UTC).isoformat()
    changed = {"account_id": account, "event_id": f"late-{number}", "event_time": now, "status": 200}
    return account, json.dumps(event | changed).encode()


def awaited(reached: Callable[[], T], seconds: float) -> T:
    """What `reached` returns when that is something."""
    until = time.monotonic() + seconds
    while not (found := reached()):
        assert time.monotonic() < until, "not in time"
        time.sleep(LOOK_SECONDS)
    return found
