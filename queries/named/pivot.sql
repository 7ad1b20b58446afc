-- Who else touches a key: every account that shows it, with its cluster.
-- param   kind           VARCHAR      Kind of key: card, device, ip, template, …
-- param   value          VARCHAR      The key: a token, or the value where that is kept in clear.
-- column  account_id     VARCHAR      The account.
-- column  cluster_uid    VARCHAR      Its cluster; null when it is in none.
-- column  verdict        VARCHAR      That cluster's verdict.
-- column  standing       VARCHAR      active, suspended or banned.
-- column  first_seen     TIMESTAMPTZ  First event of the account with the key.
-- column  last_seen      TIMESTAMPTZ  Last event with the key.
-- column  events         BIGINT       Events with the key.
SELECT
    k.account_id,
    m.cluster_uid,
    c.verdict,
    a.standing,
    k.first_seen,
    k.last_seen,
    k.events
FROM account_keys AS k
LEFT JOIN accounts AS a ON a.account_id = k.account_id
LEFT JOIN cluster_members AS m ON m.account_id = k.account_id
LEFT JOIN clusters AS c ON c.cluster_uid = m.cluster_uid
WHERE k.kind = $kind AND k.key = $value
ORDER BY k.first_seen, k.account_id
