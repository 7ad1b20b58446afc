"""A synthetic link run, as SELECTs over `account` (population.sql), `linked` and `showed`."""

from tests.bench.days import contract_sql

# Members of an operator stand in a ring; each is linked to those 1, 2 and 7 places on. Every 50th account of the
# rest is linked to its neighbour: households, in no cluster.
LINKED = """
    CREATE TABLE linked AS
    WITH member AS (
        SELECT
            *,
            row_number() OVER (PARTITION BY operator ORDER BY n) - 1 AS place,
            count(*) OVER (PARTITION BY operator) AS size
        FROM account WHERE operator IS NOT NULL
    ),
    pair AS (
        SELECT a.account_id AS a, b.account_id AS b
        FROM member AS a
        CROSS JOIN (VALUES (1), (2), (7)) AS step(d)
        JOIN member AS b ON b.operator = a.operator AND b.place = (a.place + d) % a.size
        UNION ALL
        SELECT a.account_id, b.account_id FROM account AS a JOIN account AS b ON b.n = a.n + 1 WHERE a.n % 50 = 1
    )
    SELECT DISTINCT least(a, b) AS account_l, greatest(a, b) AS account_r, 12000000 + hash(a, b) % 9000000 AS weight
    FROM pair WHERE a <> b
"""
KEYS = """
    CREATE TABLE showed AS
    SELECT account_id, kind, key,
           min(first_seen) AS first_seen, max(last_seen) AS last_seen, sum(events)::BIGINT AS events
    FROM ({key_days}) GROUP BY ALL
"""
ACCOUNT_KEYS = """
    SELECT *, count(*) OVER (PARTITION BY kind, key) AS accounts FROM showed ORDER BY kind, key, account_id
"""
EVIDENCE = """
    SELECT
        l.account_l, l.account_r, s.signal, s.key, l.weight // 2 AS weight,
        'same ' || s.signal AS explanation,
        'su_' || md5('signup' || x.n)[:20] AS event_l, 'su_' || md5('signup' || y.n)[:20] AS event_r
    FROM linked AS l
    JOIN account AS x ON x.account_id = l.account_l
    JOIN account AS y ON y.account_id = l.account_r
    CROSS JOIN LATERAL (VALUES ('device', x.device_key), ('ip', x.ip_key)) AS s(signal, key)
    ORDER BY account_l, account_r, signal
"""
CLUSTERS = """
    SELECT
        'op_' || operator AS cluster_uid, 1 AS revision, 'distillation' AS verdict, 0.97 AS confidence,
        count(*) AS accounts, min(signed_up) AS first_seen, max(signed_up) AS last_seen,
        0 AS requests, 0 AS input_tokens, 0 AS output_tokens,
        ['1,000 accounts ask from 5 templates'] AS reasons, []::VARCHAR[] AS counter_evidence,
        ['without cards: 998 accounts'] AS fragility
    FROM (SELECT *, $day::TIMESTAMPTZ + to_days(signup_day) AS signed_up FROM account)
    WHERE operator IS NOT NULL GROUP BY operator ORDER BY ALL
"""
MEMBERS = """
    SELECT 'op_' || operator AS cluster_uid, account_id, 0.9 AS confidence,
           $day::TIMESTAMPTZ + to_days(signup_day) AS joined_at, hash(n) % 100 = 0 AS is_bridge
    FROM account WHERE operator IS NOT NULL ORDER BY ALL
"""
MEMBER_EVIDENCE = """
    SELECT 'op_' || operator AS cluster_uid, account_id, s AS signal, 6000000 AS weight, 'same ' || s AS explanation
    FROM account CROSS JOIN (VALUES ('device'), ('ip'), ('template')) AS signals(s)
    WHERE operator IS NOT NULL ORDER BY ALL
"""
LEDGER = """
    SELECT DISTINCT 'op_' || operator AS cluster_uid, $day::DATE + d::INTEGER AS day, 'task-' || t AS task,
           'model-' || m AS model, 900 AS requests, 1000000 AS input_tokens, 500000 AS output_tokens, 9 AS refusals
    FROM account, range(30) AS days(d), range(6) AS tasks(t), range(4) AS models(m)
    WHERE operator IS NOT NULL ORDER BY ALL
"""
TABLES = {
    "account_keys": ACCOUNT_KEYS,
    "stranger_null": "SELECT 'all' AS family, w * 1000000 AS weight, exp(20 - w) AS pairs_expected "
    "FROM range(30) AS r(w)",
    "links": "SELECT *, 0.001 AS expected_by_chance FROM linked ORDER BY ALL",
    "link_evidence": EVIDENCE,
    "clusters": CLUSTERS,
    "cluster_members": MEMBERS,
    "member_evidence": MEMBER_EVIDENCE,
    "cluster_lineage": "SELECT DISTINCT 'op_' || operator AS cluster_uid, 'born' AS event FROM account "
    "WHERE operator IS NOT NULL ORDER BY ALL",
    "extraction_ledger": LEDGER,
    "watched_keys": "SELECT 'op_' || operator AS cluster_uid, account_id, kind, key, kind AS family, "
    "false AS is_circumstantial, accounts, 4000000 AS weight "
    "FROM (SELECT *, count(*) OVER (PARTITION BY kind, key) AS accounts FROM showed) "
    "JOIN account USING (account_id) WHERE operator IS NOT NULL AND kind = 'device' ORDER BY ALL",
}


def table_sql(table: str, run_id: str) -> str:
    """SELECT of a run table's rows; `$day` is the first day."""
    return contract_sql(table, f"SELECT '{run_id}' AS run_id, * FROM ({TABLES[table]})")
