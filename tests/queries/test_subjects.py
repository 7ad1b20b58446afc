import re
from pathlib import Path

import pytest
from deltalake import write_deltalake

from pipeline.errors import UsageError
from pipeline.lake import Lake
from queries.catalogue import named_queries, named_query
from queries.cli import main
from queries.parameters import bind
from queries.sandbox import Limits
from queries.subjects import open_for


def refusal(root: Path, name: str, **given: str) -> str:
    query = named_query(name)
    with pytest.raises(UsageError) as caught:
        open_for(Lake.open(root), query, bind(name, query.parameters, given), Limits())
    return str(caught.value)


def test_an_unknown_cluster_is_told_from_an_empty_one(published_root: Path) -> None:
    said = refusal(published_root, "cluster_members", cluster="op_11")
    assert said.startswith("no cluster 'op_11' in the current run; expected one such as op_1, op_2")
    assert "clusters_ranked" in said


def test_an_unknown_account_is_told_from_one_without_rows(published_root: Path) -> None:
    assert refusal(published_root, "account_timeline", account="a9").startswith("no account 'a9' has landed; expected")
    assert "'zz'" in refusal(published_root, "why_linked", a="a1", b="zz")
    assert "'zz'" in refusal(published_root, "why_member", account="zz")


def test_a_cluster_of_the_past_leads_to_its_lineage(published: Lake, arrow_table, write_run) -> None:
    gone = {"cluster_uid": "op_0", "event": "merged_into", "other_uid": "op_1"}
    clusters = arrow_table("clusters", [{"cluster_uid": "op_1", "verdict": "undetermined"}])
    write_run(published, {"clusters": clusters, "cluster_lineage": arrow_table("cluster_lineage", [gone])}, "run-2")
    assert main(["publish", "--lake", str(published.root)]) == 0
    assert "lineage --param cluster=op_0" in refusal(published.root, "cluster_summary", cluster="op_0")
    query = named_query("lineage")
    opened = open_for(published, query, {"cluster": "op_0"}, Limits())
    with opened.connection as connection:
        assert len(connection.sql(opened.sql, params={"cluster": "op_0"}).fetchall()) == 1


def test_what_was_rejected_is_told_before_anything_is_linked(
    tmp_path: Path, world, capfd: pytest.CaptureFixture[str]
) -> None:
    lake = Lake.create(tmp_path / "lake", "check")
    write_deltalake(lake.table("rejected"), world["rejected"], mode="append")
    assert main(["query", "rejected_summary", "--format", "csv", "--lake", str(lake.root)]) == 0
    assert capfd.readouterr().out.splitlines()[1].startswith("api.usage.v1,wrong_type,$.status,2,100,")
    assert main(["query", "clusters_ranked", "--lake", str(lake.root)]) == 1
    assert "hydratrace publish" in capfd.readouterr().err


def test_a_query_over_every_event_says_whose_it_reads() -> None:
    # Of members the case file itself has the events.
    every = {name: query for name, query in named_queries().items() if re.search(r"\ball_", query.sql)}
    assert {name for name, query in every.items() if not query.reach} == {"cluster_events"}
    for query in named_queries().values():
        assert set(query.reach) <= {parameter.name for parameter in query.parameters}
