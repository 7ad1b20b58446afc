-- Accounts of the operator that signed up soon after another was banned or suspended, with what the two share.
-- param   cluster       VARCHAR        The cluster_uid.
-- param   within_days   INTEGER  = 7   Longest time between ban and sign-up.
-- column  banned_at     TIMESTAMPTZ    When the first account was stopped.
-- column  banned        VARCHAR        Account that was stopped.
-- column  successor     VARCHAR        Account that signed up after it.
-- column  hours         DOUBLE         Time in between.
-- column  shared        VARCHAR[]      Kinds of key that both hold.
-- column  link_nats     DOUBLE         Weight of their link; null where they are tied through others only.
WITH member AS (
    SELECT m.account_id FROM cluster_members AS m WHERE m.cluster_uid = $cluster
),
stopped AS (
    SELECT x.account_id, min(x.event_time) AS banned_at
    FROM action AS x
    WHERE x.action IN ('banned', 'suspended') AND x.account_id IN (SELECT account_id FROM member)
    GROUP BY x.account_id
),
held AS (
    SELECT k.account_id, k.kind, k.key
    FROM account_keys AS k
    WHERE k.account_id IN (SELECT account_id FROM member)
)
SELECT
    s.banned_at,
    s.account_id AS banned,
    a.account_id AS successor,
    (epoch_us(a.signed_up_at) - epoch_us(s.banned_at)) / 3.6e9 AS hours,
    coalesce(
        (
            SELECT list(DISTINCT l.kind ORDER BY l.kind)
            FROM held AS l
            JOIN held AS r ON r.kind = l.kind AND r.key = l.key
            WHERE l.account_id = s.account_id AND r.account_id = a.account_id
        ),
        []
    ) AS shared,
    link.weight / 1e6 AS link_nats
FROM stopped AS s
JOIN accounts AS a
    ON a.signed_up_at > s.banned_at
    AND a.signed_up_at <= s.banned_at + to_days($within_days)
    AND a.account_id IN (SELECT account_id FROM member)
LEFT JOIN links AS link
    ON link.account_l = least(s.account_id, a.account_id) AND link.account_r = greatest(s.account_id, a.account_id)
ORDER BY s.banned_at, s.account_id, a.signed_up_at, a.account_id
