"""Writes the synthetic lake that make bench-link links, a day at a time.

Usage: python -m tests.bench.crowd LAKE ACCOUNTS EVENTS HUB (all days) | more LAKE … (one more day)
"""

import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb
from deltalake import CommitProperties, Transaction, write_deltalake

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME
from pipeline.lake import Lake
from tests.bench.days import contract_sql

DAYS = 10
FIRST = date(2026, 7, 1)
MEMORY = "2GB"
# Rows of a day written in one commit: what a file of a busy provider holds after compaction.
COMMIT_ROWS = 500_000

SIGNUP = """
    SELECT 'su_' || md5('signup' || n)[:20] AS event_id, 'aaaa99' AS email_shape, 'free_trial' AS program,
           $day::TIMESTAMPTZ + to_milliseconds((hash(n, 'at') % 86400000)::BIGINT) AS event_time,
           'v1:' || md5(pool || '/' || hash(n) % ips) AS ip_key, '203.' || hash(pool) % 65536 || '.0/24' AS ip_prefix, *
    FROM account WHERE signup_day = $number"""
PAYMENT = """
    SELECT 'pa_' || md5('payment' || n)[:20] AS event_id, 'card' AS payment_method, 'succeeded' AS outcome,
           $day::TIMESTAMPTZ + to_milliseconds((hash(n, 'paid') % 86400000)::BIGINT) AS event_time, *
    FROM account WHERE signup_day = $number AND card_key IS NOT NULL"""
ACTION = """
    SELECT 'ac_' || md5('action' || n)[:20] AS event_id, 'banned' AS action,
           ($day::DATE + 1)::TIMESTAMPTZ - INTERVAL 1 MINUTE AS event_time, *
    FROM account WHERE signup_day = $number AND operator IS NOT NULL AND hash(n, 'ban') % 10 = 0"""
# Of an account's prompts a third are one of four of its own, a third its tool's (which others use too), and the rest
# never come twice. A prompt's sixteen slots are a third its own, a third its template's, a third phrases of the
# language, the i-th of which has a share of 1 / i (Zipf). An operator's refused conversations go on at another of its
# accounts.
USAGE = """
    WITH drawn AS (
        SELECT i, hash($number, i) AS dice, (hash($number, i, 'who') % (SELECT count(*) FROM account))::BIGINT AS n
        FROM range($first, $last) AS numbers(i)
    ), request AS (
        SELECT *, coalesce('op' || operator || '/' || dice % 5,
                           CASE dice % 3 WHEN 0 THEN n || '/' || dice % 4 WHEN 1 THEN tool END,
                           n || '#' || dice) AS template
        FROM drawn JOIN account USING (n)
    )
    SELECT 'us_' || md5($number || '/' || i)[:20] AS event_id,
           $day::TIMESTAMPTZ + to_microseconds((i * 86400000000) // $requests) AS event_time,
           'model-' || dice % 4 AS model, '/v1/messages' AS endpoint,
           CASE WHEN dice % 50 = 0 OR (operator IS NOT NULL AND dice % 5 = 0) THEN 429 ELSE 200 END AS status,
           (200 + dice % 4000)::BIGINT AS input_tokens, (50 + dice % 1500)::BIGINT AS output_tokens,
           2048 AS max_tokens, 1.0 AS temperature,
           CASE WHEN dice % 97 = 0 THEN 'refusal' ELSE 'end_turn' END AS stop_reason,
           'v1:' || md5(pool || '/' || dice % ips) AS ip_key, '203.' || hash(pool) % 65536 || '.0/24' AS ip_prefix,
           'v1:' || md5('system' || tool) AS system_hash, 'v1:' || md5('template' || template) AS prompt_template_hash,
           'v1:' || md5('conversation' || coalesce(operator || '//' || i // 2000, n || '/' || i // 20000))
               AS conversation_prefix_hash,
           list_transform(range(16), lambda s: (CASE (dice + s) % 3 WHEN 0 THEN hash(dice, s) WHEN 1
               THEN hash(template, s)
               ELSE hash(floor(exp(ln($requests) * (hash(dice, s) % 1000003) / 1000003)), s)
               END % 4294967296)::BIGINT) AS prompt_minhash,
           'task-' || dice % 6 AS task, 'producer' AS fingerprint_version, *
    FROM request ORDER BY i"""
EVENTS = {"signup": SIGNUP, "payment": PAYMENT, "action": ACTION}
PLACED = """
    SELECT *, $day::DATE AS event_date, 'topic-{table}' AS _topic_id, '{table}' AS _topic, 0 AS _partition,
           {start} + row_number() OVER (ORDER BY event_time, event_id) - 1 AS _offset,
           event_time + INTERVAL 2 SECOND AS _landed_at
    FROM ({rows})"""


class Crowd:
    """The population, and the lake that its days are appended to."""

    def __init__(self, root: Path, accounts: int, events: int, hub: int) -> None:
        self.lake = Lake.create(root, "bench")
        self.requests = events // DAYS
        self.con = duckdb.connect(config={"memory_limit": MEMORY, "threads": 2, "temp_directory": str(root / "spill")})
        self.con.execute("SET TimeZone = 'UTC'")
        sql = (Path(__file__).parent / "crowd.sql").read_text(encoding="utf-8")
        self.con.execute(sql, {"accounts": accounts, "hub": hub})

    def day(self, number: int) -> None:
        """Append day `number` to every event table."""
        values = {"day": str(FIRST + timedelta(number)), "number": number}
        for table, sql in EVENTS.items():
            self._append(table, sql, {k: v for k, v in values.items() if f"${k}" in sql})
        for first in range(0, self.requests, COMMIT_ROWS):
            span = {"first": first, "last": min(first + COMMIT_ROWS, self.requests), "requests": self.requests}
            self._append("usage", USAGE, values | span)

    def _append(self, name: str, sql: str, values: dict[str, object]) -> None:
        table = self.lake.table(name)
        start = table.transaction_version(f"topic-{name}/0") or 0
        placed = contract_sql(name, PLACED.format(table=name, start=start, rows=sql))
        rows = self.con.sql(placed, params=values | {"day": values.get("day")}).to_arrow_table()
        commit = CommitProperties(app_transactions=[Transaction(f"topic-{name}/0", start + rows.num_rows)])
        write_deltalake(table, rows.cast(arrow_schema(BY_NAME[name])), mode="append", commit_properties=commit)


def main() -> None:
    """Write what the arguments say."""
    *more, root, accounts, events, hub = sys.argv[1:]
    crowd = Crowd(Path(root), int(accounts), int(events), int(hub))
    for number in [DAYS] if more else range(DAYS):
        crowd.day(number)


if __name__ == "__main__":
    main()
