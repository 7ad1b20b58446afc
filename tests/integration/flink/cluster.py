"""A standalone Flink from Maven's jars: job manager, task manager, Beam's job server and a pool of Python workers."""

import json
import os
import shutil
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from tests.integration.flink.process import Process

HOST = "127.0.0.1"
START_SECONDS = 90.0
LOOK_SECONDS = 0.2
MEMBERS = ("jobmanager", "taskmanager", "jobserver", "workers")  # in the order they are started

# Heartbeats are short, so that a killed task manager is noticed in 10 s and not in 50, and by its name at once when the
# next one begins; restarts are never given up.
CONFIG = """\
jobmanager.rpc.address: {host}
jobmanager.bind-host: {host}
jobmanager.rpc.port: {rpc}
jobmanager.memory.process.size: 900m
taskmanager.host: {host}
taskmanager.bind-host: {host}
taskmanager.numberOfTaskSlots: {slots}
taskmanager.resource-id: taskmanager
rest.address: {host}
rest.bind-address: {host}
rest.port: {rest}
blob.server.port: {blob}
blob.storage.directory: {blobs}
io.tmp.dirs: {scratch}
parallelism.default: 1
state.backend.type: hashmap
state.checkpoints.dir: {checkpoints}
state.checkpoint-storage: filesystem
restart-strategy.type: exponential-delay
restart-strategy.exponential-delay.initial-backoff: 1 s
restart-strategy.exponential-delay.max-backoff: 5 s
heartbeat.timeout: 10000
heartbeat.interval: 2000
pekko.ask.timeout: 20 s
"""

OPENED = ("lang", "util", "lang.reflect", "text", "time", "net", "io", "util.concurrent")
OPENED += ("util.concurrent.atomic", "util.concurrent.locks")
JAVA = (
    "java",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
    "--add-exports=java.base/sun.net.util=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    *(f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in OPENED),
)
MIB = 2**20
# What the task manager's shell script would work out and pass: without them it does not start.
MEMORY = {
    "network.min": 64 * MIB,
    "network.max": 64 * MIB,
    "framework.off-heap.size": 128 * MIB,
    "managed.size": 64 * MIB,
    "task.heap.size": 384 * MIB,
    "task.off-heap.size": 0,
    "framework.heap.size": 128 * MIB,
    "jvm-metaspace.size": 256 * MIB,
    "jvm-overhead.min": 192 * MIB,
    "jvm-overhead.max": 192 * MIB,
}


@dataclass(frozen=True)
class Ports:
    """Where each member answers."""

    rest: int = 8081
    rpc: int = 6123
    blob: int = 6124
    job: int = 8099
    artifact: int = 8098
    expansion: int = 8097
    pool: int = 50000


class Cluster:
    """Four processes with their logs, pid files and checkpoints in `folder`; any of them may be killed and started."""

    def __init__(self, folder: Path, jars: Path, ports: Ports, slots: int = 2) -> None:
        self.folder, self._jars, self.ports, self._slots = folder, jars, ports, slots
        self.checkpoints = folder / "checkpoints"
        self.members = {name: Process(name, folder) for name in MEMBERS}

    @property
    def beam_options(self) -> list[str]:
        """What `hydratrace land … --` is told, to land here."""
        return [
            "--runner=PortableRunner",
            f"--job_endpoint={HOST}:{self.ports.job}",
            f"--flink_master={HOST}:{self.ports.rest}",
            f"--environment_config={HOST}:{self.ports.pool}",
        ]

    def start(self) -> None:
        """Start what does not run, and wait until all of it answers. Raises RuntimeError with the end of a log."""
        if not any(process.pid for process in self.members.values()):
            self._refuse_taken_ports()
            self._clear()
        for name in MEMBERS:
            self.start_member(name)
        for name in MEMBERS:
            self.await_member(name)

    def stop(self) -> None:
        """End all members, and what they started; nothing else."""
        for process in reversed(self.members.values()):
            process.stop()

    def start_member(self, name: str) -> None:
        """Start one unless it runs."""
        if self.members[name].pid:
            return
        start: dict[str, Callable[[], Sequence[str]]] = {
            "jobmanager": self._job_manager,
            "taskmanager": self._task_manager,
            "jobserver": self._job_server,
            "workers": self._workers,
        }
        # The pool starts a bare `python`: ours must come first, and find our packages.
        path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        self.members[name].start(start[name](), path)

    def await_member(self, name: str) -> None:
        """Wait until it answers."""
        answers: dict[str, Callable[[], bool]] = {
            "jobmanager": lambda: bool(self.rest("/config")),
            "taskmanager": lambda: self.rest("/overview").get("taskmanagers", 0) >= 1,
            "jobserver": lambda: _listens(self.ports.job),
            "workers": lambda: _listens(self.ports.pool),
        }
        process, deadline = self.members[name], time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.pid:
            with suppress(OSError):
                if answers[name]():
                    return
            time.sleep(LOOK_SECONDS)
        raise RuntimeError(f"{name} did not answer; the end of {process.log}:\n{process.last_words()}")

    def rest(self, path: str) -> dict[str, Any]:
        """What Flink's job manager says. Raises OSError when it does not answer."""
        with urllib.request.urlopen(f"http://{HOST}:{self.ports.rest}{path}", timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def _clear(self) -> None:
        """Begin anew: nothing that an earlier cluster left is of use to this one."""
        for each in (self.checkpoints, self.folder / "scratch", self.folder / "blobs", self.folder / "artifacts"):
            shutil.rmtree(each, ignore_errors=True)
            each.mkdir(parents=True)

    def _refuse_taken_ports(self) -> None:
        taken = [port for port in astuple(self.ports) if _listens(port)]
        if taken:
            raise RuntimeError(f"another program listens on port {', '.join(map(str, taken))}: end it first")

    def _java(self, heap: int, main: str, *arguments: str) -> list[str]:
        return [*JAVA, f"-Xmx{heap}m", "-XX:MaxMetaspaceSize=256m", "-cp", f"{self._jars}/*", main, *arguments]

    def _config(self, member: str) -> str:
        folder = self.folder / f"{member}-conf"
        folder.mkdir(exist_ok=True)
        text = CONFIG.format(
            host=HOST,
            slots=self._slots,
            **{name: getattr(self.ports, name) for name in ("rpc", "rest", "blob")},
            # Quoted as JSON is YAML too; Flink decodes no percent escapes.
            blobs=json.dumps(str(self.folder / "blobs")),
            scratch=json.dumps(str(self.folder / "scratch")),
            checkpoints=json.dumps(f"file://{self.checkpoints}"),
        )
        (folder / "config.yaml").write_text(text, encoding="utf-8")
        return str(folder)

    def _job_manager(self) -> list[str]:
        main = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
        return self._java(512, main, "--configDir", self._config("jobmanager"))

    def _task_manager(self) -> list[str]:
        main = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
        memory = [f"-Dtaskmanager.memory.{name}={size}b" for name, size in MEMORY.items()]
        cores = f"-Dtaskmanager.cpu.cores={self._slots}.0"
        return self._java(512, main, "--configDir", self._config("taskmanager"), cores, *memory)

    def _job_server(self) -> list[str]:
        main = "org.apache.beam.runners.flink.FlinkJobServerDriver"
        ports = self.ports
        return self._java(
            1024,
            main,
            f"--job-host={HOST}",
            f"--job-port={ports.job}",
            f"--artifact-port={ports.artifact}",
            f"--expansion-port={ports.expansion}",
            f"--flink-master={HOST}:{ports.rest}",
            "--artifacts-dir",  # a word of its own: args4j takes no blanks behind =
            str(self.folder / "artifacts"),
        )

    def _workers(self) -> list[str]:
        module = "apache_beam.runners.worker.worker_pool_main"
        return [sys.executable, "-m", module, f"--service_port={self.ports.pool}"]


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), 1):
        return True
    return False
