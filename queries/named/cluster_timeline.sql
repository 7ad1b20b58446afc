-- One operator day by day: sign-ups, payments, requests, refusals, rate limits, bans.
-- param   cluster        VARCHAR  The cluster_uid.
-- column  day            DATE     The day (UTC).
-- column  signups        BIGINT   Members that signed up.
-- column  payments       BIGINT   Payments that succeeded.
-- column  active         BIGINT   Members that sent requests.
-- column  requests       BIGINT   API requests.
-- column  output_tokens  BIGINT   Tokens written.
-- column  refusals       BIGINT   Requests that the model refused.
-- column  rate_limited   BIGINT   Requests answered with HTTP 429.
-- column  bans           BIGINT   Members banned or suspended.
SELECT
    v.event_date AS day,
    count(*) FILTER (v.event = 'signup') AS signups,
    count(*) FILTER (v.outcome = 'succeeded') AS payments,
    count(DISTINCT v.account_id) FILTER (v.event = 'usage') AS active,
    count(*) FILTER (v.event = 'usage') AS requests,
    coalesce(sum(v.output_tokens), 0)::BIGINT AS output_tokens,
    count(*) FILTER (v.stop_reason = 'refusal') AS refusals,
    count(*) FILTER (v.status = 429) AS rate_limited,
    count(*) FILTER (v.action IN ('banned', 'suspended')) AS bans
FROM (
    SELECT account_id, event_date, 'signup' AS event FROM signup
    UNION ALL BY NAME
    SELECT account_id, event_date, 'payment' AS event, outcome FROM payment
    UNION ALL BY NAME
    SELECT account_id, event_date, 'usage' AS event, output_tokens, stop_reason, status FROM usage
    UNION ALL BY NAME
    SELECT account_id, event_date, 'action' AS event, action FROM action
) AS v
WHERE v.account_id IN (SELECT m.account_id FROM cluster_members AS m WHERE m.cluster_uid = $cluster)
GROUP BY v.event_date
ORDER BY v.event_date
