WITH signup AS (
    SELECT
        account_id,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen,
        arg_min({program: program, org_id: org_id, email_domain: email_domain, country: country},
                (event_time, event_id)) AS at_signup
    FROM all_signup
    GROUP BY account_id
),
payment AS (
    SELECT
        account_id,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen,
        count(*) FILTER (outcome = 'succeeded') AS payments_succeeded,
        count(*) FILTER (outcome IN ('declined', 'disputed')) AS payments_failed
    FROM all_payment
    GROUP BY account_id
),
usage AS (
    SELECT
        account_id,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen,
        count(*) AS requests,
        sum(input_tokens) AS input_tokens,
        sum(output_tokens) AS output_tokens,
        count(*) FILTER (stop_reason = 'refusal') AS refusals,
        count(*) FILTER (status = 429) AS rate_limited
    FROM all_usage
    GROUP BY account_id
),
action AS (
    SELECT
        account_id,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen,
        arg_max(action, (event_time, event_id)) FILTER (action IN ('banned', 'suspended', 'reinstated')) AS last_word,
        min(event_time) FILTER (action = 'banned') AS banned_at,
        bool_or(action = 'verified') AS is_verified
    FROM all_action
    GROUP BY account_id
)
SELECT
    account_id,
    member.cluster_uid,
    least(signup.first_seen, payment.first_seen, usage.first_seen, action.first_seen) AS first_seen,
    greatest(signup.last_seen, payment.last_seen, usage.last_seen, action.last_seen) AS last_seen,
    signup.first_seen AS signed_up_at,
    signup.at_signup.program AS program,
    signup.at_signup.org_id AS org_id,
    signup.at_signup.email_domain AS email_domain,
    signup.at_signup.country AS country,
    CASE action.last_word WHEN 'banned' THEN 'banned' WHEN 'suspended' THEN 'suspended' ELSE 'active' END AS standing,
    action.banned_at,
    coalesce(action.is_verified, false) AS is_verified,
    coalesce(usage.requests, 0) AS requests,
    coalesce(usage.input_tokens, 0) AS input_tokens,
    coalesce(usage.output_tokens, 0) AS output_tokens,
    coalesce(usage.refusals, 0) AS refusals,
    coalesce(usage.rate_limited, 0) AS rate_limited,
    coalesce(payment.payments_succeeded, 0) AS payments_succeeded,
    coalesce(payment.payments_failed, 0) AS payments_failed
FROM signup
FULL JOIN payment USING (account_id)
FULL JOIN usage USING (account_id)
FULL JOIN action USING (account_id)
LEFT JOIN cluster_members AS member USING (account_id)
ORDER BY account_id
