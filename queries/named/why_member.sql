-- Why an account is in its cluster: each reason for and against, the strongest first, and their running sum.
-- param   account      VARCHAR  The account.
-- column  cluster_uid  VARCHAR  The cluster.
-- column  confidence   DOUBLE   Of the membership, 0 to 1.
-- column  signal       VARCHAR  Signal that speaks.
-- column  nats         DOUBLE   What it adds; negative speaks against.
-- column  sum_nats     DOUBLE   Sum of this reason and the ones above it.
-- column  explanation  VARCHAR  The reason as a sentence.
SELECT
    m.cluster_uid,
    m.confidence,
    e.signal,
    e.weight / 1e6 AS nats,
    sum(e.weight) OVER (ORDER BY e.weight DESC, e.signal, e.explanation ROWS UNBOUNDED PRECEDING) / 1e6 AS sum_nats,
    e.explanation
FROM cluster_members AS m
JOIN member_evidence AS e ON e.cluster_uid = m.cluster_uid AND e.account_id = m.account_id
WHERE m.account_id = $account
ORDER BY e.weight DESC, e.signal, e.explanation
