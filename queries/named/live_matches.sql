-- Accounts that touched rare keys of a known operator as their events landed, the newest first.
-- param   cluster      VARCHAR     = NULL  Only this operator (cluster_uid).
-- param   since        TIMESTAMPTZ = NULL  Only accounts whose first touch was at or after this instant.
-- column  first_touch  TIMESTAMPTZ         Time of the first event that touched a key.
-- column  account_id   VARCHAR             The account.
-- column  cluster_uid  VARCHAR             The operator touched.
-- column  verdict      VARCHAR             Its verdict now; null where it is none any more.
-- column  is_member    BOOLEAN             Whether the current run counts the account among the operator's.
-- column  standing     VARCHAR             active, suspended or banned; null where the account has no events any more.
-- column  kinds        VARCHAR[]           Kinds of key touched.
-- column  events       BIGINT              Events that touched a key.
-- column  nats         DOUBLE              Weight of the rarest key touched: ln of the odds that it is the operator's.
SELECT
    min(m.event_time) AS first_touch,
    m.account_id,
    m.cluster_uid,
    any_value(c.verdict) AS verdict,
    count(n.account_id) > 0 AS is_member,
    any_value(a.standing) AS standing,
    list(DISTINCT m.kind ORDER BY m.kind) AS kinds,
    count(DISTINCT m.event_id) AS events,
    max(m.weight) / 1e6 AS nats
FROM matches AS m
LEFT JOIN clusters AS c ON c.cluster_uid = m.cluster_uid
LEFT JOIN cluster_members AS n ON n.cluster_uid = m.cluster_uid AND n.account_id = m.account_id
LEFT JOIN accounts AS a ON a.account_id = m.account_id
WHERE $cluster IS NULL OR m.cluster_uid = $cluster
GROUP BY m.account_id, m.cluster_uid
HAVING $since IS NULL OR min(m.event_time) >= $since
ORDER BY first_touch DESC, m.account_id, m.cluster_uid
