import json

import pytest
from standardwebhooks import Webhook

from pipeline.alerts.hooks import ocsf
from pipeline.errors import UsageError
from pipeline.settings import Hook, Settings

SECRET = "whsec_" + "MDEy" * 10


def event(message):
    return json.loads(ocsf.render(message))


@pytest.mark.parametrize(
    ("change", "verdict", "activity", "status", "said"),
    [
        ("born", "distillation", 1, 1, 4),
        ("grew", "distillation", 2, 2, 4),
        ("verdict_changed", "organisation", 2, 4, 5),
        ("verdict_changed", "undetermined", 2, 4, 7),
        ("merged_into", "distillation", 3, 4, 4),
        ("retired", "resale", 3, 4, 4),
    ],
)
def test_activity_status_and_verdict(message, change, verdict, activity, status, said):
    made = event(message(change, verdict=verdict))
    assert (made["activity_id"], made["type_uid"]) == (activity, 200400 + activity)
    assert (made["status_id"], made["verdict_id"]) == (status, said)


def test_the_finding_keeps_its_uid_and_its_making_over_revisions(message):
    first, later = event(message()), event(message("grew"))
    assert first["finding_info"]["uid"] == later["finding_info"]["uid"] == "c1"
    assert first["metadata"]["uid"] != later["metadata"]["uid"]
    assert later["finding_info"]["created_time"] == 1780200306789
    assert later["time"] - later["finding_info"]["created_time"] == 3 * 86_400_000


def test_techniques_evidence_and_observables(message):
    made = event(message())
    assert made["finding_info"]["attacks"] == [
        {"technique": {"uid": "AML.T0024"}, "sub_technique": {"uid": "AML.T0024.002"}},
        {"technique": {"uid": "AML.T0021"}},
    ]
    assert made["evidences"][0]["data"]["counter_evidence"] == ["no proxy in common"]
    assert [e["user"]["uid"] for e in made["evidences"][1:]] == ["acct_1", "acct_2"]
    assert [o["value"] for o in made["observables"]] == ["acct_1", "acct_2"]


def test_to_a_file_or_to_a_url_signed_when_there_is_a_secret(message, receiver, secret, tmp_path):
    path = tmp_path / "findings.jsonl"
    ocsf.build(Hook(name="o", type="ocsf", path=str(path)), Settings()).deliver(message())
    assert json.loads(path.read_text()) == event(message())
    hook = Hook(name="o", type="ocsf", url_file=secret(receiver.url()), secret_file=secret(SECRET), allow_insecure=True)
    ocsf.build(hook, Settings()).deliver(message())
    assert Webhook(SECRET).verify(receiver.posts[0].body, receiver.posts[0].headers) == event(message())


@pytest.mark.parametrize("both", [{}, {"path": "x", "url_file": "y"}])
def test_nowhere_or_two_ways_is_wrong_use(both):
    with pytest.raises(UsageError, match="a path or a url_file"):
        ocsf.build(Hook(name="o", type="ocsf", **both), Settings())
