"""The service as a process: kills of every kind, a second one beside it, a folder that grows meanwhile."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from pipeline.commands.simulate import COMMAND as SIMULATE
from pipeline.contract.events import TOPICS
from pipeline.lake import Lake
from queries.cli import main
from tests.pipeline.landed import rows

PATIENCE_SECONDS = 60


def wait_for(true):
    until = time.monotonic() + PATIENCE_SECONDS
    while not (found := true()):
        assert time.monotonic() < until, true
        time.sleep(0.1)
    return found


class Provider:
    """A simulated provider whose folder is filled piece by piece."""

    def __init__(self, folder):
        assert main([SIMULATE.name, str(folder / "all"), "--accounts", "80", "--operators", "1", "--days", "2"]) == 0
        self.folder = folder / "events"
        self.folder.mkdir()
        self.whole = {topic.table: (folder / "all" / f"{topic.name}.jsonl").read_bytes() for topic in TOPICS}

    def send(self, share):
        """Let the folder hold this share of every topic's bytes, half a line at the end included."""
        for topic in TOPICS:
            part = self.whole[topic.table][: int(len(self.whole[topic.table]) * share)]
            with (self.folder / f"{topic.name}.jsonl").open("ab") as file:
                file.write(part[file.tell() :])


class Served:
    """One `hydratrace run`."""

    def __init__(self, folder, events, *more):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.listen = f"127.0.0.1:{free.getsockname()[1]}"
        self.log = folder / f"log-{self.listen.rpartition(':')[2]}"
        words = [
            "--settings",
            str(folder / "hydratrace.toml"),
            "run",
            "--files",
            str(events),
            "--listen",
            self.listen,
            *more,
        ]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "import sys; from queries.cli import main; sys.exit(main())", *words],
                stdout=log,
                stderr=log,
                env={k: v for k, v in os.environ.items() if not k.startswith("HYDRATRACE_")},
            )

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://{self.listen}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metric(self, name):
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.get("/metrics")[1], re.MULTILINE)
        return found and float(found[1])

    def children(self):
        return {pid: words for pid, parent, words in processes() if parent == self.process.pid}


def processes():
    """(pid, parent, command line) of all that are not dead and only waiting to be collected."""
    listed = subprocess.run(["ps", "-wweo", "pid,ppid,stat,args"], capture_output=True, text=True, check=True).stdout
    fields = [line.split(None, 3) for line in listed.splitlines()[1:]]
    return [(int(pid), int(parent), words) for pid, parent, state, words in fields if not state.startswith("Z")]


def alive(pids):
    return {pid for pid, _, _ in processes()} & set(pids)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "hydratrace.toml").write_text(f"""
        lake = "{tmp_path}/lake"
        key_file = "{tmp_path}/key"
        link_minutes = 0.05
        [[hooks]]
        name = "log"
        type = "jsonl"
        path = "{tmp_path}/alerts.jsonl"
        verdicts = ["distillation", "trial_abuse", "resale", "organisation", "undetermined"]
        """)
    return tmp_path


@pytest.fixture
def provider(folder):
    return Provider(folder)


@pytest.fixture
def served(folder, provider):
    started = []

    def start(*more):
        started.append(Served(folder, provider.folder, *more))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()


def landing(one):
    return next((pid for pid, words in one.children().items() if "land --follow" in words), None)


def test_kills_of_any_process_lose_nothing_double_nothing_and_leave_nobody_behind(folder, provider, served):
    provider.send(0.4)
    first = served()
    assert wait_for(lambda: first.get("/healthz")[0]) == 200
    wait_for(lambda: first.metric('hydratrace_step_duration_seconds{step="publish"}'))
    assert (folder / "lake" / "case.duckdb").exists()

    second = served()
    wait_for(lambda: second.get("/healthz") == (200, "ok, standing by\n"))
    os.kill(landing(first), signal.SIGKILL)
    assert wait_for(lambda: first.get("/healthz")[0] == 503 and first.get("/healthz")[1]).startswith(
        "landing is not running: killed by SIGKILL"
    )
    provider.send(0.7)
    wait_for(lambda: first.get("/healthz")[0] == 200)
    assert first.metric('hydratrace_step_failures_total{step="land"}') == 1

    orphans = first.children()
    first.process.kill()
    first.process.wait()
    provider.send(1.0)
    wait_for(lambda: second.metric("hydratrace_leading"))
    wait_for(lambda: not alive(orphans))

    lake = Lake.open(folder / "lake")
    ends = {f"{topic.name}.jsonl": len(provider.whole[topic.table]) for topic in TOPICS}
    wait_for(lambda: lake.positions() == ends)
    wait_for(lambda: lake.runs()[-1].positions and second.metric("hydratrace_lag_bytes") == 0)
    for topic in TOPICS:
        offsets = [
            row["_offset"] for row in rows(lake, topic.table) + rows(lake, "rejected") if row["_topic"] == topic.name
        ]
        starts = [0, *[match.end() for match in re.finditer(b"\n", provider.whole[topic.table])][:-1]]
        assert sorted(offsets) == starts

    log = first.log.read_text()
    assert re.search(r"run: landed [\d,]+ events \(.*usage [\d,]+.*\), 0 rejected, 0 matches .*; lag \d+ bytes", log)
    assert re.search(r"run: linked \S+: \d+ clusters \(.*\)", log)
    assert re.search(r"run: publish took [\d.]+ s: published ", log)

    left = second.children()
    began = time.monotonic()
    second.process.terminate()
    assert second.process.wait(12) == 0
    assert time.monotonic() - began < 10
    assert not alive(left)
    assert "standing by" in second.log.read_text()
    assert first.log.read_text().count("land failed") == 1


def test_each_step_can_be_a_service_of_its_own(folder, provider, served):
    provider.send(1.0)
    quick = served("--steps", "land,alert")
    wait_for(lambda: quick.metric("hydratrace_lag_bytes") == 0)
    slow = served("--steps", "link, publish")
    wait_for(lambda: (folder / "alerts.jsonl").exists() and (folder / "lake" / "case.duckdb").exists())
    assert quick.get("/healthz") == slow.get("/healthz") == (200, "ok\n")
    told = [json.loads(line)["data"]["alert_uid"] for line in (folder / "alerts.jsonl").read_text().splitlines()]
    assert len(told) == len(set(told)) > 0
    wait_for(lambda: "run: alerted log: " in quick.log.read_text())


def test_a_step_that_is_none_is_wrong_use(folder, served):
    wrong = served("--steps", "land,dance")
    assert wrong.process.wait(PATIENCE_SECONDS) == 2
    assert (
        "--steps 'land,dance' has 'dance'; expected some of land, link, publish, alert, retain" in wrong.log.read_text()
    )
