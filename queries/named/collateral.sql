-- Members of an operator that could be honest, the most likely first: what would be lost if they were banned with it.
-- param   cluster             VARCHAR      The cluster_uid.
-- param   sure_at             DOUBLE = 0.9  Confidence from which a membership alone is enough to leave an account out.
-- column  account_id          VARCHAR      The account.
-- column  doubts              VARCHAR[]    What speaks for it.
-- column  confidence          DOUBLE       Of the membership, 0 to 1.
-- column  age_days            DOUBLE       From its first to the cluster's last event.
-- column  days_before_joining DOUBLE       How long it lived before the first event that ties it to the cluster.
-- column  payments            BIGINT       Payments that succeeded.
-- column  spend               VARCHAR[]    What it paid, by currency, in the minor unit.
-- column  requests            BIGINT       API requests.
-- column  standing            VARCHAR      active, suspended or banned.
WITH member AS (
    SELECT m.account_id, m.confidence, m.joined_at, m.cluster_uid
    FROM cluster_members AS m
    WHERE m.cluster_uid = $cluster
),
paid AS (
    SELECT p.account_id, p.currency, sum(p.amount_minor) AS amount
    FROM payment AS p
    WHERE
        p.outcome = 'succeeded'
        AND p.currency IS NOT NULL
        AND p.account_id IN (SELECT account_id FROM member)
    GROUP BY p.account_id, p.currency
),
spend AS (
    SELECT paid.account_id, list(paid.currency || ' ' || paid.amount ORDER BY paid.currency) AS spend
    FROM paid
    GROUP BY paid.account_id
),
doubted AS (
    SELECT
        m.account_id,
        list_filter([
            CASE WHEN m.confidence < $sure_at THEN 'membership is not sure' END,
            CASE WHEN a.is_verified THEN 'verified by the provider' END,
            CASE WHEN m.joined_at - a.first_seen >= INTERVAL 7 DAY THEN 'lived a week or more before it joined' END,
            CASE WHEN evidence.families = 1 THEN 'one signal alone speaks' END
        ], lambda doubt: doubt IS NOT NULL) AS doubts
    FROM member AS m
    JOIN accounts AS a ON a.account_id = m.account_id
    LEFT JOIN (
        SELECT e.account_id, e.cluster_uid, count(DISTINCT e.signal) FILTER (e.weight > 0) AS families
        FROM member_evidence AS e
        GROUP BY e.account_id, e.cluster_uid
    ) AS evidence ON evidence.account_id = m.account_id AND evidence.cluster_uid = m.cluster_uid
)
SELECT
    m.account_id,
    d.doubts,
    m.confidence,
    (epoch_us(c.last_seen) - epoch_us(a.first_seen)) / 8.64e10 AS age_days,
    (epoch_us(m.joined_at) - epoch_us(a.first_seen)) / 8.64e10 AS days_before_joining,
    a.payments_succeeded AS payments,
    coalesce(s.spend, []) AS spend,
    a.requests,
    a.standing
FROM member AS m
JOIN doubted AS d ON d.account_id = m.account_id
JOIN accounts AS a ON a.account_id = m.account_id
JOIN clusters AS c ON c.cluster_uid = m.cluster_uid
LEFT JOIN spend AS s ON s.account_id = m.account_id
WHERE len(d.doubts) > 0
ORDER BY len(d.doubts) DESC, m.confidence, m.account_id
