"""Tallies: what the events of a segment say of each account, and their sum over segments."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from queries.casefile.tables import ACCOUNTS

HERE = Path(__file__).parent
# The rows of TALLIES over all_signup, all_payment, all_usage and all_action.
TALLY_SQL = (HERE / "tally.sql").read_text(encoding="utf-8")
MERGED_SQL = (HERE / "merged.sql").read_text(encoding="utf-8")
COLUMNS = [column.name for column in ACCOUNTS.columns if column.name != "cluster_uid"]
COUNTS = (
    *("events", "requests", "input_tokens", "output_tokens", "refusals", "rate_limited"),
    *("payments_succeeded", "payments_failed"),
)

# Sums of lists and structs do not spill: twenty million rows at once passed 2 GiB, a tenth of them stays far below.
SLICE_ROWS = 2_000_000

_OF_MEMBERS = ", ".join("m.cluster_uid" if c.name == "cluster_uid" else f"t.{c.name}" for c in ACCOUNTS.columns)
_JOINED_SQL = f"SELECT {_OF_MEMBERS} FROM {{}} AS t LEFT JOIN cluster_members AS m USING (account_id) ORDER BY 1"
# The rows of `accounts` over all_signup, …, all_action and cluster_members.
ACCOUNTS_SQL = _JOINED_SQL.format(f"({TALLY_SQL})")
# The same over the temporary table `tallied`.
TALLIED_SQL = _JOINED_SQL.format("tallied")

# Tallies can be taken out of a sum as long as no account is left with less: a first or last event that went away
# would have to be looked for in all other segments, and rows that left the lake must leave the file's bytes as well.
_FEWER = " OR ".join(f"c.{count} < g.{count}" for count in ("events", "is_verified"))
_LOST = " OR ".join(
    f"(g.{column} IS NOT NULL AND (c.{column} IS NULL OR c.{column} {beyond} g.{column}))"
    for column, beyond in (
        *(("first_seen", ">"), ("signed_up_at", ">"), ("banned_at", ">")),
        *(("last_seen", "<"), ("standing_at", "<")),
    )
)
# The event that a value is of must stay the same one, or make way for an earlier (sign-up) or later one (standing).
_OTHER = """
    (g.signed_up_at = c.signed_up_at
        AND (g.signup_event_id, g.program, g.org_id, g.email_domain, g.country)
        IS DISTINCT FROM (c.signup_event_id, c.program, c.org_id, c.email_domain, c.country))
    OR (g.standing_at = c.standing_at
        AND (g.standing_event_id, g.standing) IS DISTINCT FROM (c.standing_event_id, c.standing))
"""
SHRUNK_SQL = f"""
    SELECT count(*) FROM gone AS g LEFT JOIN come AS c USING (account_id)
    WHERE c.account_id IS NULL OR {_FEWER} OR {_LOST} OR {_OTHER}
"""


def sum_segments(connection: duckdb.DuckDBPyConnection, name: str, numbers: Iterable[int]) -> None:
    """Make the temporary table `name`: the sum of the tallies of attached segments, with the `parts` they are of."""
    parts = [f"SELECT *, [{16 * n} + tables] AS parts FROM segment_{n}.main.tallies" for n in numbers]
    none = f"SELECT {_own()}, parts FROM accounts JOIN account_segments USING (account_id) LIMIT 0"
    union = " UNION ALL ".join(parts) or none
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {merged(none)}")
    _add_sums(connection, name, union)


def sum_accounts(connection: duckdb.DuckDBPyConnection, gone: Iterable[int]) -> None:
    """Make the temporary table `tallied`: the tables accounts and account_segments less `gone` and plus `come`."""
    still = ", ".join(map(str, gone))
    kept = f"list_filter(parts, lambda part: part // 16 NOT IN ({still}))" if still else "parts"
    before = f"SELECT {_own()}, {kept} AS parts FROM accounts JOIN account_segments USING (account_id)"
    taken = ", ".join(f"-{c} AS {c}" if c in COUNTS else f"NULL AS {c}" if c != "account_id" else c for c in COLUMNS)
    changed = f"""
        SELECT {_own()}, parts FROM come
        UNION ALL BY NAME SELECT * FROM ({before}) SEMI JOIN come USING (account_id)
        UNION ALL BY NAME SELECT {taken}, [] AS parts FROM gone
    """
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE tallied AS
        SELECT {_own()}, parts FROM ({before}) ANTI JOIN come USING (account_id)
    """)
    _add_sums(connection, "tallied", changed)


def _add_sums(connection: duckdb.DuckDBPyConnection, name: str, tallies: str) -> None:
    """Add the sums of the rows of `tallies` to the table `name`, so many accounts at a time as fit in memory."""
    ((rows,),) = connection.execute(f"SELECT count(*) FROM ({tallies})").fetchall()
    slices = 1 + rows // SLICE_ROWS
    for number in range(slices):
        part = f"SELECT * FROM ({tallies}) WHERE hash(account_id) % {slices} = {number}"
        connection.execute(f"INSERT INTO {name} BY NAME {merged(part)}")


def merged(tallies: str) -> str:
    """SELECT of the sums of the rows of `tallies`, one per account."""
    return MERGED_SQL.replace("{tallies}", f"({tallies})")


def _own() -> str:
    return ", ".join(COLUMNS)
