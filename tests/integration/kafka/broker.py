"""A real single-node Kafka broker (KRaft) in a process of its own, that tests may stop, kill, pause and restart."""

import contextlib
import random
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

START_SECONDS = 60.0
STOP_SECONDS = 30.0

# Below the range that systems draw client ports from: a client that retries a closed port of that range can end up
# connected to itself, and the broker then cannot have its port back.
PORTS = range(20_000, 32_000)

# Small and quick to start: it serves one test run, never for long.
JVM = (
    "-Xms128m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)

# A broker that was killed may register again only when its old session has timed out: with 9 s, the default, every
# restart takes 12. Cleaning, retention and deletion come at once, since tests wait for them.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
log.cleaner.backoff.ms=500
log.retention.check.interval.ms=500
log.initial.task.delay.ms=500
log.segment.delete.delay.ms=0
"""

# Kills the broker when the pipe that the test process holds open is closed, also when that process was killed itself.
WATCHDOG = 'read pid; cat >/dev/null; kill -9 "$pid"'


class Broker:
    """One broker with its ports and data; `start` after `stop` or `kill` brings the same one back."""

    def __init__(self, folder: Path, jars: Path, secure: str = "") -> None:
        """`secure`: properties of a second listener named SECURE, by Kafka's names; its port is `secure_port`."""
        self.folder, self.jars, self._secure = folder, jars, secure
        self.port, self.controller, self.secure_port = _free_ports(3)
        self.log = folder / "broker.log"
        self._java: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[str] | None = None
        self._format()

    @property
    def bootstrap_servers(self) -> str:
        """What clients connect to."""
        return f"127.0.0.1:{self.port}"

    @property
    def is_running(self) -> bool:
        """Whether the process lives (a paused one does)."""
        return self._java is not None and self._java.poll() is None

    @property
    def pid(self) -> int:
        """Process id of the running broker."""
        assert self._java is not None, "not started"
        return self._java.pid

    def start(self) -> None:
        """Start unless it runs, and wait until it answers. Raises RuntimeError with the end of its log."""
        if self.is_running:
            return
        self._reap()
        with self.log.open("ab") as log:
            self._java = subprocess.Popen(
                self._command("kafka.Kafka", str(self._properties())),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._watchdog = subprocess.Popen(
            ["sh", "-c", WATCHDOG], stdin=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self._watchdog.stdin is not None
        self._watchdog.stdin.write(f"{self._java.pid}\n")
        self._watchdog.stdin.flush()
        self._await_answer()

    def stop(self) -> None:
        """End as an operator would (SIGTERM), and wait."""
        self._signal(signal.SIGTERM)
        self._reap()

    def kill(self) -> None:
        """End at once (SIGKILL), and wait."""
        self._signal(signal.SIGKILL)
        self._reap()

    def pause(self) -> None:
        """Freeze: connections stay open, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Go on after `pause`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._java is not None, "not started"
        self._java.send_signal(number)

    def _reap(self) -> None:
        if self._java is not None:
            self._java.wait(STOP_SECONDS)
        if self._watchdog is not None:
            self._watchdog.kill()
            self._watchdog.communicate()
        self._java = self._watchdog = None

    def _command(self, main: str, *arguments: str) -> list[str]:
        return ["java", *JVM, "-cp", f"{self.jars}/*", main, *arguments]

    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def _format(self) -> None:
        data = self.folder / "data"
        text = PROPERTIES.format(port=self.port, controller=self.controller, data=data)
        if self._secure:
            listener = f",SECURE://127.0.0.1:{self.secure_port}\n"
            text = re.sub(r"(?m)^((?:advertised\.)?listeners=.*)\n", rf"\1{listener}", text) + self._secure
        self._properties().write_text(text, encoding="utf-8")
        command = self._command(
            "kafka.tools.StorageTool",
            *("format", "--cluster-id", "hydratrace-tests-00000", "--config", str(self._properties())),
        )
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise RuntimeError(f"could not format {data}:\n{ran.stdout}{ran.stderr}")

    def _await_answer(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.is_running:
            if self._answers():
                return
            time.sleep(0.1)
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])
        raise RuntimeError(f"the broker did not answer within {START_SECONDS:.0f} s; the end of {self.log}:\n{tail}")

    def _answers(self) -> bool:
        with contextlib.suppress(OSError, KafkaException), socket.create_connection(("127.0.0.1", self.port), 1):
            admin = AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 0})
            return bool(admin.list_topics(timeout=5).brokers)
        return False


def _free_ports(count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        port = random.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
    return found
