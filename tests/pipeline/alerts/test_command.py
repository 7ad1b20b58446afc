"""The command: killed in mid-send and started twice in processes of its own, the rest in this one."""

import base64
import os
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest

from queries.cli import main

PROGRAM = """
import sys
from queries.cli import main
sys.exit(main(sys.argv[1:]))
"""


class Console:
    """`hydratrace` with a settings file of its own."""

    def __init__(self, folder, lake, captured):
        self.folder, self.lake, self.captured = folder, lake, captured
        self.settings = folder / "hydratrace.toml"
        self.settings.write_text("")

    def configure(self, text):
        self.settings.write_text(text)

    def start(self, *arguments):
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "--settings", str(self.settings), "alert", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env={k: v for k, v in os.environ.items() if not k.startswith("HYDRATRACE_")},
        )

    def run(self, *arguments):
        status = main(["--settings", str(self.settings), "alert", "--lake", str(self.lake), *arguments])
        return status, *self.captured.readouterr()


@pytest.fixture
def console(tmp_path, linked, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Console(tmp_path, linked.root, capsys)


@pytest.fixture
def webhook(console, receiver):
    (console.folder / "url").write_text(receiver.url())
    (console.folder / "secret").write_text("whsec_" + base64.b64encode(b"k" * 32).decode())
    console.configure(
        """
        [[hooks]]
        name = "soc"
        type = "webhook"
        url_file = "url"
        secret_file = "secret"
        allow_insecure = true
        """
    )
    return receiver


def ids(receiver):
    return [post.headers["webhook-id"] for post in receiver.posts]


def test_without_hooks_it_says_how_to_configure_one(console):
    status, out, _ = console.run()
    assert status == 0
    assert "no hooks are configured" in out
    assert "[[hooks]]" in out
    console.configure(out[out.index("[[hooks]]") :])
    status, out, _ = console.run()
    assert (status, out) == (
        0,
        "nothing is linked yet, so there is nothing new to tell: hydratrace link\nlog: 0 delivered\n",
    )


def test_tell_list_and_replay(console, linked, webhook):
    linked.link([linked.cluster("a")])
    webhook.behave = lambda handler, post: handler.answer(500)
    status, out, _ = console.run()
    assert (status, out) == (
        1,
        "soc: 0 delivered, 1 to be tried again, 1 owed, HTTP 500 Internal Server Error\n",
    )
    _, out, _ = console.run("list", "--state", "pending")
    assert out.splitlines()[1].split()[:5] == ["pending", "soc", "born", "distillation", "a"]
    webhook.behave = lambda handler, post: handler.answer(410)
    console.run("replay", ids(webhook)[0])
    status, out, _ = console.run()
    assert status == 1
    assert "disabled" in out
    webhook.behave = lambda handler, post: handler.answer(204)
    assert console.run("replay", "--failed")[:2] == (0, "soc: 1 delivered\n")
    assert console.run("replay", "--failed")[:2] == (0, "nothing failed: there is nothing to send again\n")
    assert len(set(ids(webhook))) == 1
    assert "delivered" in console.run("list")[1]


def test_a_kill_between_send_and_mark_sends_again_with_the_same_id(console, linked, webhook):
    linked.link([linked.cluster("a"), linked.cluster("b", confidence=0.5)])
    arrived = threading.Event()

    def hang(handler, post):
        arrived.set()
        time.sleep(1)

    webhook.behave = hang
    process = console.start("--lake", str(linked.root))
    assert arrived.wait(30)
    process.kill()
    process.communicate()
    webhook.behave = lambda handler, post: handler.answer(204)
    assert console.run()[:2] == (0, "soc: 2 delivered\n")
    assert sorted(Counter(ids(webhook)).values()) == [1, 2]
    assert console.run()[:2] == (0, "soc: 0 delivered\n")


def test_two_instances_at_once_send_once(console, linked, webhook):
    linked.link([linked.cluster(f"c{n}") for n in range(8)])

    def slowly(handler, post):
        time.sleep(0.05)
        handler.answer(204)

    webhook.behave = slowly
    processes = [console.start("--lake", str(linked.root)) for _ in range(3)]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    assert len(ids(webhook)) == len(set(ids(webhook))) == 8


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('[[hooks]]\nname = "a"\ntype = "fax"', "fax"),
        ('[[hooks]]\nname = "../a"\ntype = "jsonl"', "name"),
        ('[[hooks]]\nname = "a"\ntype = "jsonl"', "path"),
        ('[[hooks]]\nname = "a"\ntype = "webhook"\nurl_file = "nowhere"', "nowhere"),
        ('[[hooks]]\nname = "a"\ntype = "jsonl"\npath = "x"\nverdict = "resale"', "verdict"),
    ],
)
def test_a_wrong_hook_setting_is_one_clear_line(console, settings, said):
    console.configure(settings)
    status, out, err = console.run()
    assert (status, out) == (2, "")
    assert err.startswith("hydratrace alert: ")
    assert err.count("\n") == 1
    assert said in err


def test_secrets_are_nowhere(console, linked, webhook):
    linked.link([linked.cluster("a")])
    webhook.behave = lambda handler, post: handler.answer(500, body=post.path.encode())
    said = [console.run(), console.run("list")]
    (console.folder / "url").write_text(webhook.url().replace("http:", "gopher:"))
    said.append(console.run())
    assert "t0psecret" not in str(said)
    written = b"".join(path.read_bytes() for path in linked.root.rglob("*") if path.is_file())
    assert b"t0psecret" not in written
    assert b"whsec_" not in written


@pytest.mark.parametrize("arguments", [(), ("--failed", "x"), ("no-such-alert",)])
def test_an_unclear_replay_is_wrong_use(console, linked, webhook, arguments):
    assert console.run("replay", *arguments)[0] == 2
