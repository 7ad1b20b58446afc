import duckdb

from graph.snapshot import load_events, pin


def test_a_retry_counts_once_and_the_lowest_address_wins(world) -> None:
    world.ask("a", 1, event_id="twice", output_tokens=1)
    world.ask("a", 1, event_id="twice", output_tokens=2)
    world.ask("a", 1, event_id="retry", output_tokens=3)
    world.ask("a", 1, event_id="retry", output_tokens=3)
    con = duckdb.connect()
    pin(con, {"usage/0": 4})
    load_events(con, world.land())
    assert con.sql("SELECT event_id, output_tokens FROM events ORDER BY ALL").fetchall() == [("retry", 3), ("twice", 1)]
    clash = con.sql('SELECT event_id, _offset, kept_offset, "table", reason FROM clashing').fetchall()
    assert clash == [("twice", 1, 0, "usage", "differs in output_tokens")]


def test_rows_after_the_pinned_position_are_not_read(world) -> None:
    for minute in range(5):
        world.ask("a", minute)
    con = duckdb.connect()
    pin(con, {"usage/0": 3})
    load_events(con, world.land())
    assert con.sql("SELECT count(*), max(_offset) FROM events").fetchall() == [(3, 2)]


def test_a_file_is_known_by_its_path(world) -> None:
    world.ask("a", 1, _topic_id="dir/usage.jsonl", _partition=77)
    con = duckdb.connect()
    pin(con, {"dir/usage.jsonl": 1})
    load_events(con, world.land())
    assert con.sql("SELECT count(*) FROM events").fetchall() == [(1,)]
