"""Events of one synthetic day, as SELECTs over the table `account` (population.sql); each names only what it fills.

A few accounts make most requests: the request's account is number accounts × u⁴, u uniform.
"""

from pipeline.contract.ddl import DUCKDB_TYPES
from pipeline.contract.tables import BY_NAME

# An instant inside the day for the row's share $part of it, and what every event row ends with.
ADDRESS = """
    $day::DATE AS event_date,
    'topic-{table}' AS _topic_id,
    '{table}' AS _topic,
    0 AS _partition,
    event_time + INTERVAL 2 SECOND AS _landed_at
"""
SIGNUP = """
    SELECT
        'su_' || md5('signup' || n)[:20] AS event_id,
        $day::TIMESTAMPTZ + to_milliseconds((hash(n, 'at') % 86400000)::BIGINT) AS event_time,
        md5('mail' || n) AS email_key, md5('local' || n // 2) AS email_local_key,
        'mail' || hash(n) % 200 || '.example' AS email_domain, 'aaaa99' AS email_shape,
        'free_trial' AS program, n AS _offset, *
    FROM account WHERE signup_day = $number
"""
PAYMENT = """
    SELECT
        'pa_' || md5('payment' || n)[:20] AS event_id,
        $day::TIMESTAMPTZ + to_milliseconds((hash(n, 'paid') % 86400000)::BIGINT) AS event_time,
        'card' AS payment_method, 'succeeded' AS outcome, 2000 AS amount_minor, 'USD' AS currency, n AS _offset, *
    FROM account WHERE signup_day = $number AND card_key IS NOT NULL
"""
ACTION = """
    SELECT
        'ac_' || md5('action' || n)[:20] AS event_id, ($day::DATE + 1)::TIMESTAMPTZ - INTERVAL 1 MINUTE AS event_time,
        'banned' AS action, 'terms' AS reason, n AS _offset, *
    FROM account WHERE signup_day = $number AND operator IS NOT NULL AND hash(n, 'ban') % 10 = 0
"""
USAGE = """
    WITH request AS (
        SELECT
            $number * $requests + i AS _offset,
            $day::TIMESTAMPTZ + to_microseconds((i * 86400000000) // $requests) AS event_time,
            hash($number, i) AS dice,
            floor((SELECT count(*) FROM account) * pow((dice % 1000003) / 1000003.0, 4))::BIGINT AS n
        FROM range($requests) AS numbers(i)
    )
    SELECT
        'us_' || md5('usage' || _offset)[:20] AS event_id,
        'model-' || dice % 4 AS model, '/v1/messages' AS endpoint,
        CASE WHEN dice % 50 = 0 THEN 429 ELSE 200 END AS status,
        (200 + dice % 4000)::BIGINT AS input_tokens, (50 + dice % 1500)::BIGINT AS output_tokens,
        2048 AS max_tokens, 1.0 AS temperature,
        CASE WHEN dice % 97 = 0 THEN 'refusal' ELSE 'end_turn' END AS stop_reason,
        template_key AS prompt_template_hash,
        CASE WHEN dice % 10 = 0 THEN md5('conversation' || _offset) END AS conversation_prefix_hash,
        'task-' || dice % 6 AS task, 'producer' AS fingerprint_version, *
    FROM request JOIN account USING (n)
    ORDER BY _offset
"""
EVENTS = {"signup": SIGNUP, "payment": PAYMENT, "action": ACTION, "usage": USAGE}

# What `link` draws from the day's events, for the kinds that matter most here.
KEY_DAYS = """
    SELECT $day::DATE AS event_date, account_id, kind, key, arg_min(event_id, event_time) AS first_event,
           arg_max(event_id, event_time) AS last_event, min(event_time) AS first_seen, max(event_time) AS last_seen,
           count(*) AS events
    FROM (
        SELECT account_id, event_id, event_time, unnest([
            {kind: 'ip', key: ip_key},
            {kind: 'ip_prefix', key: ip_prefix},
            {kind: 'client', key: ja4 || ' ' || user_agent},
            {kind: 'template', key: prompt_template_hash},
            {kind: 'conversation', key: conversation_prefix_hash}
        ], recursive := true)
        FROM usage
        UNION ALL
        SELECT account_id, event_id, event_time, unnest([
            {kind: 'ip', key: ip_key}, {kind: 'device', key: device_key}, {kind: 'email', key: email_key}
        ], recursive := true)
        FROM signup
        UNION ALL
        SELECT account_id, event_id, event_time, 'card', card_key FROM payment
    )
    WHERE key IS NOT NULL
    GROUP BY ALL
"""


def events_sql(table: str) -> str:
    """SELECT of the day's rows of an event table, with all columns of the contract; $day, $number (and $requests)."""
    filled = f"SELECT *, {ADDRESS.format(table=table)} FROM ({EVENTS[table]})"
    return contract_sql(table, filled)


def contract_sql(table: str, source: str) -> str:
    """`source` with the contract's columns of `table` and no others; those that it lacks are null."""
    columns = BY_NAME[table].columns
    nulls = ", ".join(f'NULL::{DUCKDB_TYPES[c.type]} AS "{c.name}"' for c in columns)
    listed = ", ".join(f'"{c.name}"::{DUCKDB_TYPES[c.type]} AS "{c.name}"' for c in columns)
    return f"SELECT {listed} FROM (SELECT {nulls} WHERE false UNION ALL BY NAME ({source}))"
