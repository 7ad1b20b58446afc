from datetime import UTC, datetime

from queries.keeping.holds import hold
from tests.pipeline.alerts.conftest import LinkedLake

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def test_a_look_into_the_past_frees_nobody(tmp_path):
    linked = LinkedLake(tmp_path / "lake")
    linked.link([linked.cluster("a", accounts=3)])
    linked.link([linked.cluster("a", accounts=2)], as_of=NOW)
    linked.decide("a", "suspicious", after_run=2)
    assert hold(linked.lake, NOW, None).accounts == {f"acct_a_{n}": "a" for n in range(3)}
