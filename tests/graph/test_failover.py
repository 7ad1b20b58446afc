import duckdb
import pytest

from graph.signals.failover import find_moves
from graph.snapshot import pin, view_events


def moves(world) -> tuple[list[tuple[str, str]], float]:
    con = duckdb.connect()
    lake = world.land()
    pin(con, lake.positions())
    view_events(con, lake)
    con.execute("""
        CREATE TABLE degrees AS
        SELECT 'conversation' AS kind, conversation_prefix_hash AS key, count(DISTINCT account_id) AS accounts
        FROM events GROUP BY key""")
    chance = find_moves(con)
    return con.sql("SELECT account_id, key FROM moves ORDER BY ALL").fetchall(), chance


def test_a_refused_conversation_that_goes_on_elsewhere_at_once_is_a_move(world) -> None:
    world.ask("a", 0, conversation_prefix_hash="v", status=429)
    world.ask("b", 1, conversation_prefix_hash="v")
    world.ask("c", 60, conversation_prefix_hash="v")
    assert moves(world)[0] == [("a", "v"), ("b", "v")]


def test_timing_is_worth_little_where_conversations_overlap_anyway(world) -> None:
    for minute in range(40):
        status = 429 if minute % 5 == 2 else 200
        world.ask(f"student-{minute % 8}", minute, conversation_prefix_hash="first turn of the course", status=status)
    assert moves(world)[1] == pytest.approx(1.0)


def test_timing_is_worth_much_where_a_refusal_is_what_moves_the_conversation(world) -> None:
    for n in range(20):
        world.ask("a", 30 * n, conversation_prefix_hash=f"v-{n}", status=429)
        world.ask("b", 30 * n + 1, conversation_prefix_hash=f"v-{n}")
    assert moves(world)[1] == pytest.approx(1 / 21)


def test_going_on_an_hour_later_is_no_move(world) -> None:
    world.ask("a", 0, conversation_prefix_hash="v", status=429)
    world.ask("a", 1, conversation_prefix_hash="v")
    world.ask("b", 60, conversation_prefix_hash="v")
    assert moves(world)[0] == []
