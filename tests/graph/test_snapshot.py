import duckdb

from graph.snapshot import landed, load_events, pin, view_events
from pipeline.contract.tables import BY_NAME


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


def test_events_are_numbered_by_time_whenever_they_landed(world) -> None:
    minutes = [minute * 7919 % 10_007 for minute in range(10_007)]
    for minute in minutes:
        world.ask("a", minute / 60, event_id=f"e{minute:05}")
    con = duckdb.connect()
    pin(con, {"usage/0": len(minutes)})
    load_events(con, world.land(), only=())
    numbered = con.sql("SELECT event_id FROM events ORDER BY seq").fetchall()
    assert numbered == [(f"e{minute:05}",) for minute in range(10_007)]
    assert {"account_id", "_offset"} < set(con.sql("FROM events").columns)
    assert "output_tokens" not in con.sql("FROM events").columns


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


def test_only_files_across_the_pinned_position_are_searched(world) -> None:
    for day in range(3):
        world.ask("a", day * 24 * 60)
        world.ask("a", day * 24 * 60 + 1)
        world.land()
    con = duckdb.connect()
    pin(con, {"usage/0": 3}, {"usage/0": 1})
    sql = landed(con, world.lake, BY_NAME["usage"], "e._offset")
    assert con.sql(f"{sql} ORDER BY ALL").fetchall() == [(1,), (2,)]
    first, second, third = world.lake.files("usage")
    assert third not in sql
    pin(con, {"usage/0": 4})
    whole, across = landed(con, world.lake, BY_NAME["usage"], "e._offset").split("\n        UNION ALL\n")
    assert first in whole
    assert second in whole
    assert ".parquet" not in across


def test_a_view_shows_what_is_read_once(world) -> None:
    for minute in range(4):
        world.ask("a", minute, event_id=f"e{minute % 3}", prompt_minhash=[minute])
    con = duckdb.connect()
    pin(con, {"usage/0": 4})
    view_events(con, world.land())
    seen = "SELECT event_id, prompt_minhash, count(DISTINCT seq) FROM events GROUP BY ALL ORDER BY ALL"
    assert con.sql(seen).fetchall() == [("e0", [0], 1), ("e1", [1], 1), ("e2", [2], 1)]
