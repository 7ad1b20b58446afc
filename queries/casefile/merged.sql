SELECT
    account_id,
    first_seen,
    last_seen,
    events,
    signed_up_at,
    at_signup.signup_event_id,
    at_signup.program,
    at_signup.org_id,
    at_signup.email_domain,
    at_signup.country,
    coalesce(last_word.standing, 'active') AS standing,
    last_word.standing_at,
    last_word.standing_event_id,
    banned_at,
    is_verified,
    requests,
    input_tokens,
    output_tokens,
    refusals,
    rate_limited,
    payments_succeeded,
    payments_failed,
    parts
FROM (
    SELECT
        account_id,
        min(first_seen) AS first_seen,
        max(last_seen) AS last_seen,
        sum(events)::BIGINT AS events,
        min(signed_up_at) AS signed_up_at,
        arg_min({
            signup_event_id: signup_event_id, program: program, org_id: org_id, email_domain: email_domain,
            country: country
        }, (signed_up_at, signup_event_id)) FILTER (signed_up_at IS NOT NULL) AS at_signup,
        arg_max({standing: standing, standing_at: standing_at, standing_event_id: standing_event_id},
                (standing_at, standing_event_id)) FILTER (standing_at IS NOT NULL) AS last_word,
        min(banned_at) AS banned_at,
        bool_or(is_verified) AS is_verified,
        sum(requests)::BIGINT AS requests,
        sum(input_tokens)::BIGINT AS input_tokens,
        sum(output_tokens)::BIGINT AS output_tokens,
        sum(refusals)::BIGINT AS refusals,
        sum(rate_limited)::BIGINT AS rate_limited,
        sum(payments_succeeded)::BIGINT AS payments_succeeded,
        sum(payments_failed)::BIGINT AS payments_failed,
        list_sort(flatten(list(parts))) AS parts
    FROM {tallies}
    GROUP BY account_id
)
