import socket
import time

import pytest

from pipeline.alerts import address
from pipeline.alerts.post import post, target
from pipeline.errors import UsageError
from pipeline.settings import Hook


def hook(**settings):
    settings = {"allow_insecure": True, "timeout_seconds": 1.0, "url_file": "URL_FILE"} | settings
    return Hook(name="h", type="webhook", **settings)


def send(receiver, **settings):
    return post(target(hook(**settings), receiver.url()), b'{"a":1}', {"webhook-id": "x"})


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_success(receiver, status):
    receiver.behave = lambda handler, post: handler.answer(status)
    assert send(receiver).kind == "delivered"
    assert receiver.posts[0].path == "/hook/t0psecret"
    assert receiver.posts[0].headers["host"] == f"localhost:{receiver.port}"
    assert receiver.posts[0].body == b'{"a":1}'


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_failures_and_never_followed(receiver, status):
    receiver.behave = lambda handler, post: handler.answer(status, [("location", receiver.url("/other"))])
    assert send(receiver).kind == "again"
    assert [p.path for p in receiver.posts] == ["/hook/t0psecret"]


@pytest.mark.parametrize(
    ("status", "kind"), [(400, "again"), (404, "again"), (500, "again"), (503, "again"), (410, "gone")]
)
def test_other_answers(receiver, status, kind):
    receiver.behave = lambda handler, post: handler.answer(status, body=b"s3cret in the answer")
    outcome = send(receiver)
    assert outcome.kind == kind
    assert outcome.detail.startswith(f"HTTP {status}")
    assert "s3cret" not in outcome.detail


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", 7.0),
        (" 120 ", 120.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("NaN", None),
        ("²", None),
        ("9" * 99, 999999999.0),
        (f"Wed, 21 Oct 2015 07:28:00 {'9' * 30}", None),
        ("Wed, 21 Oct 2015 07:28:00 +2400", None),
    ],
)
def test_retry_after_in_seconds(receiver, header, expected):
    receiver.behave = lambda handler, post: handler.answer(429, [("retry-after", header)])
    assert send(receiver).retry_after == expected


def test_retry_after_as_a_date(receiver):
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 90))
    receiver.behave = lambda handler, post: handler.answer(503, [("retry-after", date)])
    assert 85 < send(receiver).retry_after <= 90


def test_a_silent_receiver_costs_no_more_than_the_time_limit(receiver):
    receiver.behave = lambda handler, post: time.sleep(1.5)
    started = time.monotonic()
    outcome = send(receiver, timeout_seconds=0.3)
    assert time.monotonic() - started < 1
    assert (outcome.kind, outcome.detail) == ("again", "no answer within 0.3 s")


def test_a_dribbling_receiver_costs_no_more_than_the_time_limit(receiver):
    def dribble(handler, post):
        for byte in b"HTTP/1.1 200 OK\r\nx-slow: " + b"a" * 60:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(0.05)

    receiver.behave = dribble
    started = time.monotonic()
    outcome = send(receiver, timeout_seconds=0.4)
    assert time.monotonic() - started < 1
    assert (outcome.kind, outcome.detail) == ("again", "no answer within 0.4 s")


def test_a_dropped_connection(receiver):
    receiver.behave = lambda handler, post: handler.connection.shutdown(socket.SHUT_RDWR)
    assert send(receiver).detail == "the receiver dropped the connection"


def test_an_answer_that_is_not_http(receiver):
    receiver.behave = lambda handler, post: handler.wfile.write(b"SSH-2.0-s3cret\r\n\r\n")
    assert send(receiver).detail == "the answer is not HTTP"


def test_endless_headers_are_cut_off(receiver):
    def endless(handler, post):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 5000)

    receiver.behave = endless
    assert send(receiver).kind == "again"


def test_a_huge_answer_is_not_read(receiver):
    def huge(handler, post):
        handler.send_response(200)
        handler.send_header("content-length", str(10**12))
        handler.end_headers()
        for _ in range(2000):
            handler.wfile.write(b"x" * 65536)

    receiver.behave = huge
    started = time.monotonic()
    assert send(receiver).kind == "delivered"
    assert time.monotonic() - started < 0.5


def test_nobody_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    assert post(target(hook(), url), b"", {}).detail == "connection refused"


def test_tls_with_the_authority_named(tls_receiver, certificate):
    assert send(tls_receiver, ca_file=str(certificate[0])).kind == "delivered"


def test_tls_of_an_unknown_authority_is_refused(tls_receiver):
    assert "certificate is not accepted" in send(tls_receiver).detail
    assert tls_receiver.posts == []


def test_tls_for_another_name_is_refused(tls_receiver, certificate):
    to = target(hook(ca_file=str(certificate[0])), tls_receiver.url(host="127.0.0.1"))
    assert "certificate is not accepted" in post(to, b"", {}).detail


def test_a_private_address_gets_nothing_unless_allowed(tls_receiver, certificate):
    outcome = send(tls_receiver, ca_file=str(certificate[0]), allow_insecure=False)
    assert (outcome.kind, tls_receiver.posts) == ("again", [])
    assert "private address" in outcome.detail


def test_the_name_is_resolved_once_so_it_cannot_be_rebound(receiver, monkeypatch):
    resolved = []

    def first_public_then_ours(host, port, **_):
        resolved.append(host)
        ours = "127.0.0.1" if len(resolved) > 1 else "192.0.2.1"  # TEST-NET-1: nobody is there
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ours, port))]

    monkeypatch.setattr(address.socket, "getaddrinfo", first_public_then_ours)
    tried = []

    def connect(where, timeout):
        tried.append(where[0])
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", connect)
    assert send(receiver, timeout_seconds=0.2).kind == "again"
    assert (resolved, tried, receiver.posts) == (["localhost"], ["192.0.2.1"], [])


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://user:s3cret@example.com/",
        "https://example.com/#s3cret",
        "https://example.com:99999/s3cret",
        "https://[::1/s3cret",
        "https://exa mple.com/s3cret",
        "https://example.com\\s3cret",
        "https://example.com/s3cret\r\nx: y",
        "https://exämple.com/s3cret",
        "http://example.com/s3cret",
    ],
)
def test_urls_that_are_wrong_are_not_repeated(url):
    with pytest.raises(UsageError, match="URL_FILE") as error:
        target(hook(allow_insecure=False), url)
    assert "s3cret" not in str(error.value)
