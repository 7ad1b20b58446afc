-- The accounts of the synthetic lake, numbered by how much they use: each is tied to keys that a few others share.
-- $accounts: how many. Every 10th of the busiest 40 % works for one of 40 operators: about 4 % of the accounts.
CREATE TABLE account AS
WITH numbered AS (
    SELECT
        n,
        CASE WHEN n % 10 = 0 AND n < 0.4 * $accounts THEN n * 100 // $accounts END AS operator
    FROM range($accounts) AS numbers(n)
)
SELECT
    n,
    operator,
    'acct_' || md5('account' || n)[:12] AS account_id,
    (hash(n) % 30)::INTEGER AS signup_day,
    md5('ip' || coalesce('op' || operator || '/' || n // 10 % 50, (n // 2)::VARCHAR)) AS ip_key,
    '203.' || n // 65536 % 256 || '.' || n // 256 % 256 || '.0/24' AS ip_prefix,
    md5('device' || coalesce('op' || operator || '/' || n // 10 % 200, n::VARCHAR)) AS device_key,
    CASE WHEN hash(n, 'pays') % 2 = 0 OR operator IS NOT NULL
        THEN md5('card' || coalesce('op' || operator || '/' || n // 10 % 100, (n // 3)::VARCHAR)) END AS card_key,
    md5('template' || coalesce('op' || operator || '/' || n // 10 % 5, (hash(n) % 50000)::VARCHAR)) AS template_key,
    't13d1516h2_' || md5('ja4' || hash(n) % 300)[:12] AS ja4,
    'client/' || hash(n, 'agent') % 40 AS user_agent,
    md5('credential' || n) AS api_key_key
FROM numbered
