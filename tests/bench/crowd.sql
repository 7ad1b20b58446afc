-- The accounts of the synthetic provider that make bench-link links. $accounts: how many.
-- One in 25 works for one of 40 operators, one in 10 in a company of 25, one in 15 in a household of two; a third of
-- the rest come through carriers' addresses, 200 accounts behind eight. $hub accounts share one address, one system
-- prompt and one device: a hub. Tools are as popular as words: the i-th has a share of 1 / i (Zipf).
CREATE TABLE account AS
WITH numbered AS (
    SELECT
        n,
        CASE WHEN n % 25 = 0 THEN n // 25 % 40 END AS operator,
        CASE WHEN n % 10 = 1 THEN n // 250 END AS company,
        CASE WHEN n % 30 IN (2, 3) THEN n // 30 END AS household,
        n % 3 = 1 AS carried,
        n < $hub AS hub
    FROM range($accounts) AS numbers(n)
)
SELECT
    *,
    'acct_' || md5('account' || n)[:12] AS account_id,
    (hash(n) % 10)::INTEGER AS signup_day,
    'v1:' || md5('mail' || n) AS email_key,
    'v1:' || md5('local' || coalesce('op' || operator || '/' || n // 1000, n::VARCHAR)) AS email_local_key,
    CASE
        WHEN operator IS NOT NULL THEN 'op' || operator || '-' || n // 1000 % 10 || '.example'
        WHEN company IS NOT NULL THEN 'company' || company || '.example'
        ELSE 'mail' || hash(n) % 40 || '.example'
    END AS email_domain,
    'v1:' || md5('device' || CASE
        WHEN hub THEN 'hub'
        WHEN operator IS NOT NULL THEN 'op' || operator || '/' || n // 1000 // 4
        WHEN household IS NOT NULL THEN 'home' || household
        ELSE n::VARCHAR
    END) AS device_key,
    CASE WHEN hash(n, 'pays') % 2 = 0 OR operator IS NOT NULL THEN 'v1:' || md5('card' || CASE
        WHEN operator IS NOT NULL THEN 'op' || operator || '/' || n // 1000 // 6
        WHEN company IS NOT NULL THEN 'company' || company
        ELSE n::VARCHAR
    END) END AS card_key,
    't13d1516h2_' || md5('ja4' || hash(n) % 300)[:12] AS ja4,
    'client/' || hash(n, 'agent') % 40 AS user_agent,
    'v1:' || md5('credential' || n) AS api_key_key,
    CASE WHEN hub THEN 1 WHEN operator IS NOT NULL THEN 50 WHEN carried AND company IS NULL THEN 8 ELSE 3 END AS ips,
    CASE
        WHEN hub THEN 'hub'
        WHEN operator IS NOT NULL THEN 'op' || operator
        WHEN company IS NOT NULL THEN 'company' || company
        WHEN household IS NOT NULL THEN 'home' || household
        WHEN carried THEN 'carrier' || n // 600
        ELSE n::VARCHAR
    END AS pool,
    CASE
        WHEN hub THEN 'hub'
        WHEN operator IS NOT NULL THEN 'op' || operator
        WHEN hash(n, 'tool') % 3 = 0
            THEN 'tool' || floor(exp(ln($accounts / 5) * (hash(n) % 1000003) / 1000003))
    END AS tool
FROM numbered
