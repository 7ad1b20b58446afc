-- Conversations that went on in another account of the operator soon after a request was limited or refused.
-- param   cluster          VARCHAR         The cluster_uid.
-- param   within_seconds   INTEGER  = 300  Longest pause counted.
-- column  failed_at        TIMESTAMPTZ     When the first account's request failed.
-- column  from_account     VARCHAR         Account whose request failed.
-- column  status           BIGINT          How: HTTP status.
-- column  to_account       VARCHAR         Account that went on.
-- column  seconds          DOUBLE          Pause in between.
-- column  conversation     VARCHAR         Token of the conversation's first turn.
-- column  from_address     VARCHAR         Evidence: where the failed request was read.
-- column  to_address       VARCHAR         Evidence: where its continuation was read.
WITH request AS (
    SELECT
        u.account_id,
        u.event_time,
        u.event_id,
        u.status,
        u.conversation_prefix_hash AS conversation,
        u.fingerprint_version,
        u._topic || '/' || u._partition || '@' || u._offset AS address
    FROM usage AS u
    WHERE
        u.conversation_prefix_hash IS NOT NULL
        AND u.account_id IN (SELECT m.account_id FROM cluster_members AS m WHERE m.cluster_uid = $cluster)
)
SELECT
    f.event_time AS failed_at,
    f.account_id AS from_account,
    f.status,
    t.account_id AS to_account,
    (epoch_us(t.event_time) - epoch_us(f.event_time)) / 1e6 AS seconds,
    f.conversation,
    f.address AS from_address,
    t.address AS to_address
FROM request AS f
JOIN request AS t
    ON t.conversation = f.conversation
    AND t.fingerprint_version IS NOT DISTINCT FROM f.fingerprint_version
    AND t.account_id <> f.account_id
    AND t.event_time BETWEEN f.event_time AND f.event_time + to_seconds($within_seconds)
WHERE f.status IN (401, 403, 429) AND t.status BETWEEN 200 AND 299
QUALIFY row_number() OVER (PARTITION BY f.event_id ORDER BY t.event_time, t.event_id) = 1
ORDER BY f.event_time, f.event_id
