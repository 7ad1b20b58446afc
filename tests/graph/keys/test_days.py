import duckdb

from graph.keys.days import update_days
from graph.keys.draw import make_days
from graph.snapshot import load_events, pin
from pipeline.lake import Lake

DAY = 24 * 60


def rows(lake: Lake, sql: str) -> list[tuple[object, ...]]:
    return duckdb.sql(f"SELECT * EXCLUDE (first_seen, last_seen) FROM ({sql}) ORDER BY ALL").fetchall()


def from_scratch(lake: Lake) -> list[tuple[object, ...]]:
    con = duckdb.connect()
    pin(con, lake.positions())
    load_events(con, lake)
    make_days(con)
    return con.sql("SELECT * EXCLUDE (first_seen, last_seen) FROM days ORDER BY ALL").fetchall()


def test_only_days_with_new_rows_are_written_and_the_table_equals_one_made_at_once(world) -> None:
    for day in range(3):
        world.ask("a", day * DAY, system_hash="s")
        world.ask("b", day * DAY + 1, system_hash="s", prompt_minhash=[1, 2])
    with duckdb.connect() as con:
        positions, sql = update_days(con, world.land())
        assert positions == {"usage/0": 6}
        first = {str(f) for f in world.lake.files("account_key_days")}
        world.ask("b", DAY + 5, system_hash="other")
        positions, sql = update_days(con, world.land())
    second = {str(f) for f in world.lake.files("account_key_days")}
    assert positions == {"usage/0": 7}
    assert len(first & second) == 2
    assert rows(world.lake, sql) == from_scratch(world.lake)


def test_nothing_new_writes_nothing(world) -> None:
    world.ask("a", 0)
    with duckdb.connect() as con:
        update_days(con, world.land())
        version = world.lake.table("account_key_days").version()
        update_days(con, world.lake)
    assert world.lake.table("account_key_days").version() == version


def test_what_another_link_adds_meanwhile_is_not_read(world) -> None:
    world.ask("a", 0, system_hash="s")
    with duckdb.connect() as con, duckdb.connect() as other:
        positions, sql = update_days(con, world.land())
        world.ask("b", 1, system_hash="s")
        update_days(other, world.land())
    assert positions == {"usage/0": 1}
    assert {account for (account,) in duckdb.sql(f"SELECT account_id FROM ({sql})").fetchall()} == {"a"}


def test_a_clash_is_written_once(world) -> None:
    world.ask("a", 0, event_id="x", output_tokens=1)
    world.ask("a", 0, event_id="x", output_tokens=2)
    with duckdb.connect() as con:
        update_days(con, world.land())
        world.ask("a", 3)
        update_days(con, world.land())
    found = duckdb.sql(f"SELECT event_id, kept_offset FROM ({world.lake.select('clashes')})").fetchall()
    assert found == [("x", 0)]
