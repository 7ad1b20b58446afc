WITH signup AS (
    SELECT
        account_id,
        count(*) AS events,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen,
        arg_min({event_id: event_id, program: program, org_id: org_id, email_domain: email_domain, country: country},
                (event_time, event_id)) AS at_signup
    FROM all_signup
    GROUP BY account_id
),
payment AS (
    SELECT
        account_id,
        count(*) AS events,
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
        count(*) AS events,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen,
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
        count(*) AS events,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen,
        arg_max({word: action, event_id: event_id, said_at: event_time}, (event_time, event_id))
            FILTER (action IN ('banned', 'suspended', 'reinstated')) AS last_word,
        min(event_time) FILTER (action = 'banned') AS banned_at,
        bool_or(action = 'verified') AS is_verified
    FROM all_action
    GROUP BY account_id
)
SELECT
    account_id,
    least(signup.first_seen, payment.first_seen, usage.first_seen, action.first_seen) AS first_seen,
    greatest(signup.last_seen, payment.last_seen, usage.last_seen, action.last_seen) AS last_seen,
    coalesce(signup.events, 0) + coalesce(payment.events, 0) + coalesce(usage.events, 0) + coalesce(action.events, 0)
        AS events,
    signup.first_seen AS signed_up_at,
    signup.at_signup.event_id AS signup_event_id,
    signup.at_signup.program AS program,
    signup.at_signup.org_id AS org_id,
    signup.at_signup.email_domain AS email_domain,
    signup.at_signup.country AS country,
    CASE action.last_word.word WHEN 'banned' THEN 'banned' WHEN 'suspended' THEN 'suspended' ELSE 'active' END
        AS standing,
    action.last_word.said_at AS standing_at,
    action.last_word.event_id AS standing_event_id,
    action.banned_at,
    coalesce(action.is_verified, false) AS is_verified,
    coalesce(usage.events, 0) AS requests,
    coalesce(usage.input_tokens, 0) AS input_tokens,
    coalesce(usage.output_tokens, 0) AS output_tokens,
    coalesce(usage.refusals, 0) AS refusals,
    coalesce(usage.rate_limited, 0) AS rate_limited,
    coalesce(payment.payments_succeeded, 0) AS payments_succeeded,
    coalesce(payment.payments_failed, 0) AS payments_failed,
    if(signup.events > 0, 1, 0) + if(payment.events > 0, 2, 0) + if(usage.events > 0, 4, 0)
        + if(action.events > 0, 8, 0) AS tables
FROM signup
FULL JOIN payment USING (account_id)
FULL JOIN usage USING (account_id)
FULL JOIN action USING (account_id)
ORDER BY account_id
