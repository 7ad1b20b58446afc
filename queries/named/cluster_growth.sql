-- How an operator grew: members that joined each day, how many there were by then, and how many were banned.
-- param   cluster   VARCHAR  The cluster_uid.
-- column  day       DATE     The day (UTC).
-- column  joined    BIGINT   Members first tied to the cluster on that day.
-- column  members   BIGINT   Members by the end of the day.
-- column  stopped   BIGINT   Members first banned on that day.
WITH change AS (
    SELECT (m.joined_at AT TIME ZONE 'UTC')::DATE AS day, 1 AS joined, 0 AS stopped
    FROM cluster_members AS m
    WHERE m.cluster_uid = $cluster
    UNION ALL
    SELECT (a.banned_at AT TIME ZONE 'UTC')::DATE, 0, 1
    FROM accounts AS a
    WHERE a.cluster_uid = $cluster AND a.banned_at IS NOT NULL
)
SELECT
    c.day,
    sum(c.joined)::BIGINT AS joined,
    (sum(sum(c.joined)) OVER (ORDER BY c.day))::BIGINT AS members,
    sum(c.stopped)::BIGINT AS stopped
FROM change AS c
GROUP BY c.day
ORDER BY c.day
