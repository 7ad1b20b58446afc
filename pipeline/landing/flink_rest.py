"""What Flink's own REST interface knows of our jobs: Beam's job server forgets them when it ends, Flink does not."""

import json
import re
import urllib.request
from typing import Any

CALL_SECONDS = 5.0
ENDED = {"FINISHED", "CANCELED", "FAILED"}
# As Beam and Flink hand over what a Python worker raised.
OUR_ERROR = re.compile(r"pipeline\.errors\.\w+: (.+?)(?: \[while running|\n|\\n|$)")


class FlinkRest:
    """The job manager at `master` (host:port, or a URL). All methods raise OSError when it does not answer."""

    def __init__(self, master: str) -> None:
        self._url = master.rstrip("/") if "://" in master else f"http://{master}"

    def active(self, name: str) -> list[str]:
        """Ids of the jobs of that name that have not ended, the newest first."""
        jobs = self._ask("/jobs/overview")["jobs"]
        ours = [job for job in jobs if job["name"] == name and job["state"] not in ENDED]
        return [job["jid"] for job in sorted(ours, key=lambda job: job["start-time"], reverse=True)]

    def cancel(self, job: str) -> None:
        """Ask a job to end."""
        self._ask(f"/jobs/{job}?mode=cancel", "PATCH")

    def problem(self, job: str) -> str:
        """Why it failed last, if that was an error of ours; else empty."""
        told = OUR_ERROR.search(str(self._ask(f"/jobs/{job}/exceptions").get("root-exception", "")))
        return told[1] if told else ""

    def _ask(self, path: str, method: str = "GET") -> dict[str, Any]:
        request = urllib.request.Request(self._url + path, method=method)
        with urllib.request.urlopen(request, timeout=CALL_SECONDS) as answer:
            found: dict[str, Any] = json.loads(answer.read() or b"{}")
        return found
