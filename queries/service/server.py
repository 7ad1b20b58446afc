"""The service's small web server: /healthz and /metrics."""

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from pipeline.errors import UsageError
from queries.service.health import trouble
from queries.service.metrics import CONTENT_TYPE, exposition
from queries.service.service import Service

# A client that sends nothing may not keep a thread for ever.
TIMEOUT_SECONDS = 10.0


def serve(service: Service, listen: str) -> ThreadingHTTPServer:
    """Answer at `listen` (host:port) from other threads.

    Raises UsageError if `listen` is no address, or none that can be had.
    """
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"--listen {listen!r} is no address", expected="HOST:PORT, such as 127.0.0.1:9400")

    class Handler(_Handler):
        served = service

    try:
        server = ThreadingHTTPServer((host.strip("[]"), int(port)), Handler)
    except OSError as error:
        raise UsageError(
            f"cannot listen at {listen}: {error.strerror or error}",
            expected="a free address",
            remedy="name another: --listen",
        ) from None
    Thread(target=server.serve_forever, daemon=True).start()
    return server


class _Handler(BaseHTTPRequestHandler):
    served: Service
    timeout = TIMEOUT_SECONDS
    server_version, sys_version = "hydratrace", ""

    def do_GET(self) -> None:
        """Answer one request."""
        match self.path.partition("?")[0]:
            case "/healthz":
                wrong = trouble(self.served, time.monotonic())
                self._answer(503 if wrong else 200, f"{wrong or self._well()}\n")
            case "/metrics":
                self._answer(200, exposition(self.served), CONTENT_TYPE)
            case _:
                self._answer(404, "there are /healthz and /metrics\n")

    def log_message(self, *_: Any) -> None:
        """Requests are not logged."""

    def _well(self) -> str:
        return "ok, standing by" if self.served.standing_by else "ok"

    def _answer(self, status: int, text: str, content_type: str = "text/plain; charset=utf-8") -> None:
        content = text.encode(errors="replace")
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
