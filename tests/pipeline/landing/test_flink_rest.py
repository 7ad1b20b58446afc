"""Against a server that answers as Flink 1.19 did."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from pipeline.landing.flink_rest import FlinkRest

JOBS = [
    {"jid": "a", "name": "ours", "state": "RUNNING", "start-time": 1},
    {"jid": "b", "name": "ours", "state": "RESTARTING", "start-time": 3},
    {"jid": "c", "name": "ours", "state": "CANCELED", "start-time": 4},
    {"jid": "d", "name": "theirs", "state": "RUNNING", "start-time": 5},
]
FAILURE = """org.apache.flink.runtime.JobException: Recovery is suppressed
Caused by: java.lang.RuntimeError: Error received from SDK harness for instruction 7: Traceback (most recent call last):
  File "pipeline/landing/append.py", line 70, in _append
pipeline.errors.LakeError: cannot write /lake/usage: No space left on device; mend the disk [while running 'Land']
"""


@pytest.fixture
def flink():
    """(What to call, the requests that came.)"""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            asked.append(f"{self.command} {self.path}")
            told = {"/jobs/overview": {"jobs": JOBS}, "/jobs/b/exceptions": {"root-exception": FAILURE}}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(told.get(self.path, {})).encode())

        do_GET = do_PATCH = answer

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_our_jobs_that_have_not_ended_are_found_the_newest_first(flink):
    master, _ = flink
    assert FlinkRest(master).active("ours") == FlinkRest(f"http://{master}/").active("ours") == ["b", "a"]


def test_a_job_is_asked_to_end_by_its_id(flink):
    master, asked = flink
    FlinkRest(master).cancel("a")
    assert asked == ["PATCH /jobs/a?mode=cancel"]


def test_what_a_worker_raised_is_told_in_our_words_alone(flink):
    master, _ = flink
    assert FlinkRest(master).problem("b") == "cannot write /lake/usage: No space left on device; mend the disk"
    assert FlinkRest(master).problem("a") == ""


def test_a_job_manager_that_is_away_is_an_os_error():
    with pytest.raises(OSError, match="refused"):
        FlinkRest("127.0.0.1:1").active("ours")
