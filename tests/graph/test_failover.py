import pytest

from graph.signals.failover import SPANS, coincidence, find_moves
from tests.graph.turns import turns_of


def moves(world, members: tuple[str, ...] = ()) -> tuple[list[tuple[str, str]], list[float]]:
    """The ends of moves, and the chance of each span's timing where `members` are one cluster."""
    con = turns_of(world, members)
    find_moves(con)
    return con.sql("SELECT account_id, key FROM moves ORDER BY ALL").fetchall(), coincidence(con)


def test_a_refused_conversation_that_goes_on_elsewhere_at_once_is_a_move(world) -> None:
    world.ask("a", 0, conversation_prefix_hash="v", status=429)
    world.ask("b", 1, conversation_prefix_hash="v")
    world.ask("c", 60, conversation_prefix_hash="v")
    assert moves(world)[0] == [("a", "v"), ("b", "v")]


def test_timing_is_worth_little_where_conversations_overlap_anyway(world) -> None:
    for minute in range(40):
        status = 429 if minute % 5 == 2 else 200
        world.ask(f"student-{minute % 8}", minute, conversation_prefix_hash="first turn of the course", status=status)
    assert moves(world)[1][-1] == pytest.approx(1.0)


def test_timing_is_worth_much_where_a_refusal_is_what_moves_the_conversation(world) -> None:
    for n in range(20):
        world.ask("a", 30 * n, conversation_prefix_hash=f"v-{n}", status=429)
        world.ask("b", 30 * n + 1, conversation_prefix_hash=f"v-{n}")
    assert moves(world)[1] == pytest.approx([1.0, 1 / 21, 1.0])


def test_moves_within_a_cluster_say_nothing_about_how_strangers_time_theirs(world) -> None:
    for n in range(20):
        world.ask("a", 30 * n, conversation_prefix_hash=f"v-{n}", status=429)
        world.ask("b", 30 * n + 1, conversation_prefix_hash=f"v-{n}")
    for n in range(10):
        world.ask("c", 30 * n + 5, conversation_prefix_hash=f"w-{n}", status=429)
        world.ask("d", 30 * n + 4.5, conversation_prefix_hash=f"w-{n}")
        world.ask("d", 30 * n + 5.5, conversation_prefix_hash=f"w-{n}")
    assert moves(world, ("a", "b"))[1] == pytest.approx([1.0, 11 / (10 + 21), 1.0])


def test_where_no_stranger_is_left_the_members_timing_stands(world) -> None:
    for n in range(20):
        world.ask("a", 30 * n, conversation_prefix_hash=f"v-{n}", status=429)
        world.ask("b", 30 * n + 1, conversation_prefix_hash=f"v-{n}")
    assert moves(world, ("a", "b"))[1] == pytest.approx([1.0, 1 / 21, 1.0])


@pytest.mark.parametrize(("seconds", "span"), [(5, 0), (10, 0), (11, 1), (60, 1), (599, 2)])
def test_the_span_is_told_by_how_soon_the_conversation_goes_on(world, seconds: int, span: int) -> None:
    for n in range(9):
        world.ask("a", 30 * n, conversation_prefix_hash=f"v-{n}", status=429)
        world.ask("b", 30 * n + seconds / 60, conversation_prefix_hash=f"v-{n}")
    expected = [1.0] * len(SPANS)
    expected[span] = 1 / 10
    assert moves(world)[1] == pytest.approx(expected)


def test_going_on_an_hour_later_is_no_move(world) -> None:
    world.ask("a", 0, conversation_prefix_hash="v", status=429)
    world.ask("a", 1, conversation_prefix_hash="v")
    world.ask("b", 60, conversation_prefix_hash="v")
    assert moves(world)[0] == []
