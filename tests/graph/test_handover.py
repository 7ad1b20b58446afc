from collections.abc import Iterable

import pytest

from graph.signals.failover import SPANS, find_moves
from graph.signals.handover import coincidence, find_handovers
from tests.graph.turns import turns_of


def handovers(world, members: tuple[str, ...] = ()) -> tuple[list[tuple[str, str]], list[float]]:
    """The ends of handovers, and the chance of each span's timing where `members` are one cluster."""
    con = turns_of(world, members)
    find_moves(con)
    find_handovers(con)
    return con.sql("SELECT account_id, key FROM handovers ORDER BY ALL").fetchall(), coincidence(con)


def pass_around(world, accounts: Iterable[str], conversation: str, start: float, pause: float = 2) -> None:
    """Each account has a turn of the conversation, `pause` minutes after the one before."""
    for place, account in enumerate(accounts):
        world.ask(account, start + pause * place, conversation_prefix_hash=conversation)


def test_a_conversation_that_goes_on_elsewhere_within_minutes_is_handed_over(world) -> None:
    pass_around(world, "aabca", "v", 0)
    pass_around(world, "ba", "w", 0)
    ends = [("a", "v"), ("a", "v"), ("a", "w"), ("b", "v"), ("b", "w"), ("c", "v")]
    assert handovers(world)[0] == ends


def test_who_never_takes_one_over_hands_none_over_however_many_copy_it(world) -> None:
    for n in range(5):
        pass_around(world, ["victim"], f"v-{n}", 100 * n)
        pass_around(world, "abc", f"v-{n}", 100 * n + 1)
    assert {account for account, _ in handovers(world)[0]} == set("abc")


def test_one_persons_turns_and_one_that_comes_back_later_are_none(world) -> None:
    pass_around(world, "aaa", "v", 0)
    pass_around(world, "b", "w", 0)
    pass_around(world, "c", "w", 60)
    assert handovers(world)[0] == []


def test_who_goes_on_after_a_refusal_is_a_failover_and_no_handover_too(world) -> None:
    world.ask("a", 0, conversation_prefix_hash="v", status=429)
    pass_around(world, "bc", "v", 1)
    assert handovers(world)[0] == []


def test_an_opening_that_people_use_at_other_times_is_no_dialogue(world) -> None:
    for place, account in enumerate("abcdefgh"):
        world.ask(account, 90 * place, conversation_prefix_hash="item of a benchmark")
    world.ask("i", 90 * 7 + 3, conversation_prefix_hash="item of a benchmark")
    assert handovers(world)[0] == []


def test_one_replay_an_hour_later_does_not_hide_a_handover(world) -> None:
    pass_around(world, "ba", "w", 0)
    pass_around(world, "ab", "v", 0)
    pass_around(world, "z", "v", 62)
    assert ("z", "v") not in handovers(world)[0]
    assert {("a", "v"), ("b", "v")} <= set(handovers(world)[0])


def test_timing_is_worth_much_where_few_follow_each_other_after_longer_pauses(world) -> None:
    for n in range(20):
        pass_around(world, "ab", f"v-{n}", 100 * n)
    assert handovers(world)[1] == pytest.approx([1.0, 1.0, 1 / 21])


def test_timing_is_worth_little_where_openings_are_used_at_any_time(world) -> None:
    for n in range(60):
        pass_around(world, "ab", f"opening-{n}", 100 * n, pause=1.5 + n)
    assert handovers(world)[1][-1] == pytest.approx(1.0, abs=0.15)


def test_a_clusters_own_timing_counts_for_one_observation(world) -> None:
    for n in range(20):
        pass_around(world, "ab", f"v-{n}", 100 * n)
    assert handovers(world, ("a", "b"))[1] == pytest.approx([1.0, 1.0, 1 / 21])
    for n in range(12):
        pass_around(world, "cd", f"w-{n}", 100 * n, pause=4 if n % 2 else 40)
    strange = handovers(world, ("a", "b"))[1][-1]
    assert 1 / (6 + 21) < strange < 1 / 2


@pytest.mark.parametrize(("seconds", "span"), [(5, 0), (10, 0), (11, 1), (60, 1), (599, 2)])
def test_the_span_is_told_by_how_soon_the_conversation_goes_on(world, seconds: int, span: int) -> None:
    for n in range(9):
        pass_around(world, "ab", f"v-{n}", 100 * n, pause=seconds / 60)
    expected = [1.0] * len(SPANS)
    expected[span] = 1 / 10
    assert handovers(world)[1] == pytest.approx(expected)
