"""`hydratrace run` on Kafka: killed whole, it goes on where it was; who touches a known operator is told once."""

import time
from collections import Counter

import pytest

from tests.integration.oracle import assert_exactly_once, readable
from tests.integration.service.rig import Rig, awaited, touching

pytestmark = [pytest.mark.kafka, pytest.mark.served]

PATIENCE_SECONDS = 120.0
TOUCHES = 3


def test_a_provider_is_served_through_a_kill_and_touches_are_told_once(kafka, tmp_path):
    rig = Rig(tmp_path, kafka, link_minutes=60)
    events = rig.simulate("provider", "--accounts", "150", "--operators", "2", "--days", "3", "--seed", "3")
    for table, sent in events.items():
        rig.send(table, sent)
    with rig.running():
        awaited(rig.told, PATIENCE_SECONDS)
    born = {finding["cluster_uid"] for finding in rig.told()}
    known = rig.conversations(events["usage"])
    assert len(known) >= TOUCHES
    with rig.running():
        for number, event in enumerate(known[:TOUCHES]):
            account, touch = touching(event, number)
            rig.send("usage", [touch])
            awaited(lambda account=account: account in rig.touchers(), PATIENCE_SECONDS)
        time.sleep(0.5)
    touched = [finding for finding in rig.told() if finding["change"] == "touched"]
    assert sorted(touch["account_id"] for finding in touched for touch in finding["touches"]) == [
        f"late-{number}" for number in range(TOUCHES)
    ]
    assert {finding["cluster_uid"] for finding in touched} <= born
    repeated = [count for count in Counter(finding["alert_uid"] for finding in rig.told()).values() if count > 1]
    assert repeated in ([], [2])  # the one that the kill may have met between the send and its mark
    assert_exactly_once(rig.lake, "usage", readable(rig.servers, rig.names["usage"]))
    assert all(raw["conversation_prefix_hash"] not in rig.alerts.read_text() for raw in known)
