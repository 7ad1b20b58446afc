import base64
import json

import pytest
from standardwebhooks import Webhook

from pipeline.alerts.dispatch import run_pass
from pipeline.alerts.hooks import build_receivers
from pipeline.errors import UsageError
from pipeline.settings import Hook, Settings

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def settings(tmp_path, receiver):
    (tmp_path / "url").write_text(receiver.url() + "\n")
    (tmp_path / "secret").write_text(SECRET + "\n")
    hook = Hook(
        name="soc",
        type="webhook",
        url_file=str(tmp_path / "url"),
        secret_file=str(tmp_path / "secret"),
        allow_insecure=True,
    )
    return Settings(hooks=[hook])


def test_the_reference_library_accepts_what_arrives(linked, receiver, settings):
    linked.link([linked.cluster("a", reasons=["naïve “quotes” \x00 and 数"])])
    run_pass(linked.lake, settings.hooks, build_receivers(settings))
    (post,) = receiver.posts
    sent = Webhook(SECRET).verify(post.body, post.headers)
    assert sent == json.loads(post.body)
    assert sent["data"]["reasons"] == ["naïve “quotes” and 数"]
    assert post.headers["webhook-id"] == sent["data"]["alert_uid"]
    assert post.headers["content-type"] == "application/json"
    assert len(post.body) < 20_000


def test_a_hook_without_url_or_with_a_public_http_one_is_wrong_use(settings):
    with pytest.raises(UsageError, match=r"url_file.*secret_file"):
        build_receivers(Settings(hooks=[Hook(name="a", type="webhook"), *_without_secret(settings)]))


def _without_secret(settings):
    plain = settings.hooks[0]
    return [Hook(name="b", type="webhook", url_file=plain.url_file, allow_insecure=True)]


def test_two_hooks_of_one_name_are_wrong_use(tmp_path):
    hooks = [Hook(name="a", type="jsonl", path=str(tmp_path / name)) for name in "xy"]
    with pytest.raises(UsageError, match="two hooks are named a"):
        build_receivers(Settings(hooks=hooks))
