"""A world's requests as the signals of conversations passed on read them."""

import duckdb

from graph.snapshot import pin, view_events
from tests.graph.conftest import World


def turns_of(world: World, members: tuple[str, ...]) -> duckdb.DuckDBPyConnection:
    """`events`, `degrees` of conversations, `account`, and `member`, where `members` are one cluster."""
    con = duckdb.connect()
    lake = world.land()
    pin(con, lake.positions())
    view_events(con, lake)
    con.execute("""
        CREATE TABLE degrees AS
        SELECT 'conversation' AS kind, conversation_prefix_hash AS key, count(DISTINCT account_id) AS accounts
        FROM events GROUP BY key""")
    con.execute("CREATE TABLE account AS SELECT row_number() OVER () AS a, account_id FROM events GROUP BY account_id")
    con.execute(
        "CREATE TABLE member AS SELECT a, 7 AS c FROM account WHERE list_contains(?, account_id)", [list(members)]
    )
    return con
