"""One guarded HTTP POST: to a checked address, within a deadline, following nothing, believing only the status."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib.metadata import version
from urllib.parse import urlsplit

import msgspec

from pipeline.alerts.address import Forbidden, resolve
from pipeline.alerts.receiver import Outcome
from pipeline.errors import UsageError
from pipeline.settings import Hook

VERSION = version("hydratrace")
PORTS = {"https": 443, "http": 80}


class Target(msgspec.Struct, frozen=True):
    """Where a hook posts to; its host and path are never shown."""

    secure: bool
    host: str
    port: int
    path: str
    allow_private: bool
    timeout: float
    ca_file: str


def target(hook: Hook, url: str) -> Target:
    """The checked target of `hook`.

    Raises UsageError, which does not repeat the URL.
    """
    wrong = f"hook {hook.name}: the URL in {hook.url_file or 'url_file'}"
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise UsageError(f"{wrong} has characters that no URL has", expected="printable ASCII without spaces")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError(f"{wrong} is not a URL", expected="https://host/path") from None
    if parts.scheme not in PORTS or not parts.hostname or parts.username is not None or parts.fragment:
        raise UsageError(f"{wrong} is not one to post to", expected="https://host/path without user or #fragment")
    if parts.scheme == "http" and not hook.allow_insecure:
        raise UsageError(f"{wrong} is http", expected="https", remedy="or set allow_insecure for your own machine")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    port = PORTS[parts.scheme] if port is None else port
    return Target(
        parts.scheme == "https", parts.hostname, port, path, hook.allow_insecure, hook.timeout_seconds, hook.ca_file
    )


def authorities(hook: Hook) -> None:
    """Raise UsageError if the hook's ca_file holds no certificates."""
    try:
        ssl.create_default_context(cafile=hook.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"hook {hook.name}: cannot read ca_file {hook.ca_file}: {error.strerror or 'no certificates'}",
            expected="certificates in PEM",
        ) from None


def post(to: Target, body: bytes, headers: Mapping[str, str], refused: Collection[int] = ()) -> Outcome:
    """POST `body` once: 2xx is delivered, 410 is gone, `refused` is final, all else (3xx too) is to be tried again."""
    sent = {"content-type": "application/json", "user-agent": f"hydratrace/{VERSION}", "connection": "close", **headers}
    try:
        with _connected(to) as connection:
            connection.request("POST", to.path, body, sent)
            response = connection.getresponse()
            outcome = _outcome(response.status, response.getheader("retry-after"))
            return Outcome("refused", outcome.detail) if response.status in refused else outcome
    except Forbidden:
        return Outcome("again", "the name leads to a private address: allow_insecure permits that")
    except (OSError, http.client.HTTPException) as error:
        return Outcome("again", _why(error, to.timeout))


@contextmanager
def _connected(to: Target) -> Iterator[http.client.HTTPConnection]:
    """A connection that is shut down when the time for the whole exchange is over, whatever the receiver dribbles."""
    end = time.monotonic() + to.timeout
    plain = _reach(resolve(to.host, to.port, to.allow_private), to)
    # Wrapping in TLS detaches the socket, so the deadline needs a handle of its own.
    handle = plain.dup()
    late = threading.Event()
    timer = threading.Timer(max(0.0, end - time.monotonic()), _shut, (handle, late))
    timer.daemon = True
    timer.start()
    connection = http.client.HTTPConnection(to.host, to.port)
    connection.auto_open = 0
    try:
        connection.sock = _context(to).wrap_socket(plain, server_hostname=to.host) if to.secure else plain
        yield connection
    except (OSError, http.client.HTTPException) as error:
        raise TimeoutError if late.is_set() else error from None
    finally:
        timer.cancel()
        connection.close()
        plain.close()
        handle.close()


def _reach(addresses: list[str], to: Target) -> socket.socket:
    """A socket to the first address that answers; each gets an equal share of the time."""
    share = to.timeout / len(addresses)
    failure = OSError()
    for address in addresses:
        try:
            return socket.create_connection((address, to.port), timeout=share)
        except OSError as error:
            failure = error
    raise failure


def _shut(handle: socket.socket, late: threading.Event) -> None:
    late.set()
    with suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)


def _context(to: Target) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=to.ca_file or None)


def _outcome(status: int, retry_after: str | None) -> Outcome:
    try:
        detail = f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        detail = f"HTTP {status}"
    if 200 <= status < 300:
        return Outcome("delivered", detail)
    if status == HTTPStatus.GONE:
        return Outcome("gone", detail)
    return Outcome("again", detail, _seconds(retry_after))


def _seconds(retry_after: str | None) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3); None if it makes no sense."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # a zone of a billion hours overflows
        return None
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def _why(error: Exception, timeout: float) -> str:
    """The failure in our words: messages of libraries may hold the host's name, answers are the receiver's."""
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout:g} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not accepted (verify code {error.verify_code})"
    if isinstance(error, ssl.SSLError):
        return "the TLS handshake failed"
    if isinstance(error, socket.gaierror):
        return "the name does not resolve"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ConnectionError | http.client.RemoteDisconnected):
        return "the receiver dropped the connection"
    if isinstance(error, OSError):
        return f"network error: {error.strerror or 'unknown'}"
    return "the answer is not HTTP"
