import json
import time

from pipeline.alerts.hooks import slack
from pipeline.settings import Hook, Settings

HOSTILE = "<!channel> *now* <https://evil.example|click> &amp; " + "x" * 400


def blocks(message):
    return json.loads(slack.render(message))["blocks"]


def texts(block):
    found = [block["text"]] if "text" in block else []
    return [*found, *block.get("fields", []), *block.get("elements", [])]


def test_what_attackers_write_is_never_markup(message):
    for block in blocks(message(reasons=[HOSTILE], counter_evidence=[HOSTILE])):
        assert {text["type"] for text in texts(block)} == {"plain_text"}
    assert json.loads(slack.render(message()))["text"] == "new operator: distillation, 3 accounts, confidence 90 %"


def test_the_largest_alert_is_inside_slacks_limits(message):
    huge = message("absorbed", reasons=[HOSTILE] * 99, counter_evidence=[HOSTILE] * 99, others=["o" * 200] * 99)
    made = blocks(huge)
    assert len(made) <= 50
    assert len(slack.render(huge)) < 13_000
    header, figures, *rest = made
    assert len(header["text"]["text"]) <= 150
    assert len(figures["fields"]) <= 10
    assert all(0 < len(text["text"]) <= 3000 for block in rest for text in texts(block))


def test_it_says_why_what_speaks_against_and_what_to_type(message):
    said = slack.render(message(reasons=["one card"], counter_evidence=["no proxy"]))
    for words in ("• one card", "• no proxy", "hydratrace query cluster_members", "AML.T0024.002"):
        assert words in said


def test_posts_are_a_second_apart_and_a_bad_payload_is_final(message, receiver, secret, monkeypatch):
    monkeypatch.setattr(slack, "PAUSE_SECONDS", 0.2)
    hook = Hook(name="s", type="slack", url_file=secret(receiver.url()), allow_insecure=True)
    made = slack.build(hook, Settings())
    started = time.monotonic()
    assert made.deliver(message()).kind == "delivered"
    receiver.behave = lambda handler, post: handler.answer(400, body=b"invalid_blocks")
    assert made.deliver(message()).kind == "refused"
    assert time.monotonic() - started >= 0.2
    assert "webhook-signature" not in receiver.posts[0].headers
