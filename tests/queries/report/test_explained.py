from datetime import UTC, datetime

import pytest

from queries.report.explained import state, taken_by_age

CUT = datetime(2026, 6, 3, tzinfo=UTC)


def event(account, day, table="usage"):
    return {
        "event_time": datetime(2026, 6, day, tzinfo=UTC),
        "account_id": account,
        "event": table,
        "event_id": f"{day}",
    }


def moved(come_from, went_to, address):
    return {"from_account": come_from, "to_account": went_to, "from_address": address}


OLD, NEW = event("a", 1), event("a", 5)


@pytest.mark.parametrize(
    ("derived", "cuts", "taken"),
    [
        ([NEW], {"usage": CUT}, True),
        ([OLD, NEW], {"usage": CUT}, False),  # nothing is missing
        ([OLD], {"usage": CUT}, False),  # what is missing was not old
        ([], {"usage": CUT}, False),
        ([NEW], {"signup": CUT}, False),  # another table's retention explains nothing
        ([NEW, event("b", 5)], {"usage": CUT}, False),  # nor does it what was added
        ([NEW], {}, False),
    ],
)
def test_retention_explains_old_events_of_its_table_and_nothing_else(derived, cuts, taken):
    assert taken_by_age([OLD, NEW], derived, cuts, ()) is taken


def test_with_events_gone_by_age_what_the_run_alone_says_must_still_be_equal():
    member = {
        "account_id": "a",
        "confidence": 0.9,
        "joined_at": OLD["event_time"],
        "is_bridge": False,
        "strongest": "x",
    }
    kept, later = [member | {"requests": 9}], [member | {"requests": 4}]
    assert state("cluster_members", kept, later, (), taken=True) == "aged"
    assert state("cluster_members", kept, later, (), taken=False) == "differs"
    assert state("cluster_members", kept, [later[0] | {"confidence": 0.1}], (), taken=True) == "differs"
    assert state("cluster_members", kept, [], (), taken=True) == "differs"
    assert (
        state(
            "extraction_ledger",
            [],
            [{"day": 1} | dict.fromkeys(("task", "model", "requests", "input_tokens", "output_tokens", "refusals"), 0)],
            (),
            taken=True,
        )
        == "differs"
    )


def test_a_failure_whose_next_account_was_erased_is_told_with_the_one_after_and_that_is_the_erasures_doing():
    kept = [moved("a", "gone", "t/0@1"), moved("a", "b", "t/0@7")]
    assert (
        state("failovers", kept, [moved("a", "c", "t/0@1"), moved("a", "b", "t/0@7")], {"gone"}, taken=False)
        == "erased"
    )
    assert state("failovers", kept, [moved("a", "b", "t/0@7")], {"gone"}, taken=False) == "erased"
    assert state("failovers", kept, [moved("a", "b", "t/0@8")], {"gone"}, taken=False) == "differs"
    assert (
        state("failovers", kept, [moved("a", "c", "t/0@2"), moved("a", "b", "t/0@7")], {"gone"}, taken=False)
        == "differs"
    )


def test_an_erasure_does_not_explain_a_forged_summary_or_ledger():
    steady = {"cluster_uid": "op", "revision": 1, "verdict": "resale", "confidence": 1, "reasons": [], "fragility": []}
    steady |= dict.fromkeys(("counter_evidence", "accounts", "first_seen", "last_seen", "requests"), 0)
    steady |= dict.fromkeys(("input_tokens", "output_tokens", "disposition"), 0)
    kept, now = [steady | {"banned": 2}], [steady | {"banned": 1}]
    assert state("cluster_summary", kept, now, {"gone"}, taken=False) == "erased"
    assert state("cluster_summary", kept, [now[0] | {"verdict": "organisation"}], {"gone"}, taken=False) == "differs"
    assert state("extraction_ledger", [{"day": 1}], [{"day": 2}], {"gone"}, taken=False) == "differs"
