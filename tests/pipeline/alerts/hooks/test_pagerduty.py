import json

import pytest

from pipeline.alerts.hooks import ocsf, pagerduty
from pipeline.errors import UsageError
from pipeline.settings import Hook, Settings

KEY = "0123456789abcdef0123456789abcdef"


def event(message):
    return json.loads(pagerduty.render(message, KEY))


def test_the_end_of_a_cluster_resolves_the_incident_of_its_beginning(message):
    first, last = event(message()), event(message("retired"))
    assert (first["event_action"], last["event_action"]) == ("trigger", "resolve")
    assert first["dedup_key"] == last["dedup_key"] == "hydratrace/c1"


@pytest.mark.parametrize(
    ("change", "verdict", "action"),
    [
        ("grew", "distillation", "trigger"),
        ("verdict_changed", "resale", "trigger"),
        ("verdict_changed", "organisation", "resolve"),
        ("merged_into", "distillation", "resolve"),
        ("reopened", "distillation", "trigger"),
    ],
)
def test_actions(message, change, verdict, action):
    assert event(message(change, verdict=verdict))["event_action"] == action


def test_an_event_has_what_the_events_api_requires(message):
    made = event(message())
    assert made["routing_key"] == KEY
    assert made["payload"]["severity"] == "critical"
    assert made["payload"]["timestamp"] == "2026-06-03T04:05:06.789000Z"
    assert 0 < len(made["payload"]["summary"]) <= 1024
    assert made["payload"]["custom_details"]["counter_evidence"] == ["no proxy in common"]


def test_it_is_posted_and_a_bad_event_is_final(message, receiver, secret):
    hook = Hook(
        name="p",
        type="pagerduty",
        url_file=secret(receiver.url()),
        secret_file=secret(KEY),
        allow_insecure=True,
    )
    made = pagerduty.build(hook, Settings())
    receiver.behave = lambda handler, post: handler.answer(202)
    assert made.deliver(message()).kind == "delivered"
    receiver.behave = lambda handler, post: handler.answer(429)
    assert made.deliver(message()).kind == "again"
    receiver.behave = lambda handler, post: handler.answer(400)
    assert made.deliver(message()).kind == "refused"


def test_a_malformed_key_is_refused_and_not_repeated(secret):
    hook = Hook(name="p", type="pagerduty", secret_file=secret("tooshort"))
    with pytest.raises(UsageError, match="routing key") as error:
        pagerduty.build(hook, Settings())
    assert "tooshort" not in str(error.value)


@pytest.mark.parametrize("change", ["aged", "aged_out"])
def test_what_left_by_age_closes_nothing_and_wakes_nobody(message, change):
    assert event(message(change))["event_action"] == "acknowledge"
    assert json.loads(ocsf.render(message(change)))["severity_id"] == ocsf.INFORMATIONAL
    assert json.loads(ocsf.render(message(change)))["status_id"] == ocsf.IN_PROGRESS
