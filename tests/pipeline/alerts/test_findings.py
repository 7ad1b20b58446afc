import json
from datetime import UTC, datetime, timedelta

from pipeline.alerts.findings import News, alert_uid, body, closing_finding, is_over, open_finding, percent
from pipeline.contract.tables import Cluster, ClusterMember

DAY = datetime(2026, 6, 1, tzinfo=UTC)
WIDEST = "😀"  # four bytes in UTF-8, and safe to show


def cluster(text="why", lines=1, uid="c"):
    return Cluster(
        run_id="r",
        cluster_uid=uid,
        revision=2,
        verdict="distillation",
        confidence=0.25,
        accounts=1234,
        first_seen=DAY,
        last_seen=DAY,
        requests=2**62,
        input_tokens=2**62,
        output_tokens=2**62,
        reasons=[text] * lines,
        counter_evidence=[text] * lines,
        fragility=[],
    )


def members(count, account="acct"):
    return [
        ClusterMember(
            run_id="r",
            cluster_uid="c",
            account_id=f"{account}{n}",
            confidence=n / count,
            joined_at=DAY,
            is_bridge=False,
        )
        for n in range(count)
    ]


def opened(cluster, members=(), change="born", told=None, others=()):
    return open_finding("u" * 36, News(change, cluster, told, list(others)), list(members), DAY)


def test_ids_are_known_for_ever():
    assert alert_uid("log", "c", 1) == "9ce39fdb-315e-5f55-964d-2b4624375b9d"
    ids = {alert_uid(hook, uid, revision) for hook in "ab" for uid in "cd" for revision in (1, 2)}
    assert len(ids | {alert_uid("a", "c", 1, "x")}) == 9


def test_the_largest_body_is_below_what_standard_webhooks_allows():
    crowd = members(99, WIDEST * 200)
    huge = opened(cluster(WIDEST * 9999, 99, WIDEST * 128), crowd, "absorbed", others=[WIDEST * 999] * 99)
    assert 15_000 < len(body(huge, DAY).encode()) < 20_000


def test_quotes_and_backslashes_do_not_swell_it_either():
    huge = opened(cluster('"\\' * 999, 99), members(99, '"' * 200))
    assert len(body(huge, DAY).encode()) < 20_000


def test_attackers_text_arrives_harmless():
    assert opened(cluster("a\x1b[2Jb\nc‮")).reasons == ["a [2Jb c"]


def test_the_body_says_what_to_do_next():
    sent = json.loads(body(opened(cluster(), members(20)), DAY))
    assert sent["type"] == "cluster.born"
    assert sent["timestamp"] == "2026-06-01T00:00:00Z"
    data = sent["data"]
    assert data["summary"] == "new operator: distillation, 1,234 accounts, confidence 25 %"
    assert data["next_query"] == "hydratrace query cluster_members --param cluster=c"
    assert data["atlas"] == ["AML.CS0056", "AML.T0024.002", "AML.T0021"]
    assert data["counter_evidence"] == ["why"]
    assert [m["account_id"] for m in data["members"]] == [f"acct{n}" for n in range(19, 9, -1)]


def test_a_closing_finding_keeps_the_last_known_figures():
    last = opened(cluster())
    closed = closing_finding("v", News("merged_into", None, last, ["d"]), "r9")
    assert (closed.alert_uid, closed.change, closed.run_id, closed.other_clusters) == ("v", "merged_into", "r9", ["d"])
    assert (closed.requests, closed.revision) == (last.requests, last.revision)
    assert is_over(closed)
    assert not is_over(last)


def test_the_first_telling_is_remembered():
    first = opened(cluster())
    later = open_finding("v", News("grew", cluster(), first, []), [], DAY + timedelta(days=9))
    assert later.first_told_at == DAY


def test_confidence_is_never_rounded_up():
    assert [percent(c) for c in (0.0, 0.29, 0.5, 0.9976, 1.0)] == [0, 29, 50, 99, 100]
