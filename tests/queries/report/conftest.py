"""A real browser, driven over Chromium's debugging pipe; without one the tests that need it are not run, aloud."""

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import not_run

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)

# The browser reads commands from descriptor 3 and answers on 4.
AS_3_AND_4 = """
import fcntl, os, sys
read, write = (fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3])
os.dup2(read, 3)
os.dup2(write, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Page:
    """One open page: evaluate script in it, click it, and collect what it complains of."""

    def __init__(self, process: subprocess.Popen, read: int, write: int) -> None:
        self._process, self._read, self._write = process, read, write
        self._buffer, self._last, self._session = b"", 0, None
        self.complaints: list[str] = []

    def open(self, url: str, width: int, height: int) -> None:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Runtime", "Log", "Page", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Page.navigate", url=url)
        deadline = time.monotonic() + 10
        while self.evaluate("document.readyState + location.protocol") != "completefile:":
            assert time.monotonic() < deadline, "the page did not load"

    def evaluate(self, script: str) -> Any:
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def click(self, selector: str) -> None:
        script = f"""(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView();
            const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; }})()"""
        x, y = self.evaluate(script)
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._last:
                assert "error" not in answer, answer
                return answer["result"]
            if answer.get("method") in {"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"}:
                self.complaints.append(json.dumps(answer["params"]))
            if answer.get("method") == "Network.requestWillBeSent":
                url = answer["params"]["request"]["url"]
                if not url.startswith(("file:", "data:")):
                    self.complaints.append(url)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            assert select.select([self._read], [], [], 20)[0], "the browser does not answer"
            part = os.read(self._read, 1 << 16)
            assert part, "the browser is gone"
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the tests that need a browser where there is none."""
    if CHROMIUM is None:
        needing = [item for item in items if "browser" in getattr(item, "fixturenames", ())]
        not_run.skip(config, "Chromium", needing, f"none of {', '.join(NAMES)} is on PATH", "install it (make browser)")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    assert CHROMIUM is not None  # else its tests were not selected
    profile = tmp_path_factory.mktemp("browser")
    to_read, to_write = os.pipe(), os.pipe()
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
    ends = (to_read[0], to_write[1])
    process = subprocess.Popen(
        [sys.executable, "-c", AS_3_AND_4, *map(str, ends), CHROMIUM, *flags, f"--user-data-dir={profile}"],
        pass_fds=ends,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_read[0])
    os.close(to_write[1])
    yield Page(process, to_write[0], to_read[1])
    process.terminate()
    process.wait(10)
    os.close(to_write[0])
    os.close(to_read[1])


@pytest.fixture(scope="session")
def case_of_world(published_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case of op_1."""
    from pipeline.lake import Lake
    from queries.report.case import write_case

    folder = tmp_path_factory.mktemp("case") / "op_1"
    write_case(Lake.open(published_root), "op_1", folder, "ana")
    return folder
