-- Keys that several members of an operator hold, those nobody else holds first.
-- param   cluster      VARCHAR         The cluster_uid.
-- param   kind         VARCHAR = NULL  Only this kind of key.
-- column  kind         VARCHAR      Kind of key.
-- column  key          VARCHAR      The key.
-- column  members      BIGINT       Members that hold it.
-- column  holders      BIGINT       Accounts that hold it, members or not.
-- column  owned        DOUBLE       Share of its holders that are members.
-- column  first_seen   TIMESTAMPTZ  First event of a member with it.
-- column  last_seen    TIMESTAMPTZ  Last event of a member with it.
SELECT
    k.kind,
    k.key,
    count(*) AS members,
    any_value(k.accounts) AS holders,
    count(*) / any_value(k.accounts) AS owned,
    min(k.first_seen) AS first_seen,
    max(k.last_seen) AS last_seen
FROM account_keys AS k
WHERE
    k.account_id IN (SELECT m.account_id FROM cluster_members AS m WHERE m.cluster_uid = $cluster)
    AND ($kind IS NULL OR k.kind = $kind)
GROUP BY k.kind, k.key
HAVING count(*) >= 2
ORDER BY owned DESC, members DESC, k.kind, k.key
