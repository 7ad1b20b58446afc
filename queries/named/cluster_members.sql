-- Accounts of one operator, each with how sure its membership is and the strongest reason for it.
-- param   cluster        VARCHAR      The cluster_uid.
-- column  account_id     VARCHAR      The account.
-- column  confidence     DOUBLE       Of the membership, 0 to 1.
-- column  joined_at      TIMESTAMPTZ  First event that ties the account to the cluster.
-- column  is_bridge      BOOLEAN      Whether the cluster falls apart without this account.
-- column  standing       VARCHAR      active, suspended or banned.
-- column  program        VARCHAR      Commercial program at sign-up.
-- column  email_domain   VARCHAR      Mail domain at sign-up.
-- column  requests       BIGINT       API requests.
-- column  output_tokens  BIGINT       Tokens written.
-- column  strongest      VARCHAR      The strongest reason for the membership.
SELECT
    m.account_id,
    m.confidence,
    m.joined_at,
    m.is_bridge,
    a.standing,
    a.program,
    a.email_domain,
    a.requests,
    a.output_tokens,
    reason.strongest
FROM cluster_members AS m
LEFT JOIN accounts AS a ON a.account_id = m.account_id
LEFT JOIN (
    SELECT e.cluster_uid, e.account_id, arg_max(e.explanation, (e.weight, e.signal)) AS strongest
    FROM member_evidence AS e
    GROUP BY e.cluster_uid, e.account_id
) AS reason ON reason.cluster_uid = m.cluster_uid AND reason.account_id = m.account_id
WHERE m.cluster_uid = $cluster
ORDER BY m.confidence DESC, m.account_id
