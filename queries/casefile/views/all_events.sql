-- Every kind of event in one timeline, each with its evidence address.
-- column  event_id    VARCHAR      Unique per event.
-- column  event_time  TIMESTAMPTZ  When it happened.
-- column  account_id  VARCHAR      The account.
-- column  event       VARCHAR      signup, payment, usage or action.
-- column  what        VARCHAR      The event in a few words.
-- column  address     VARCHAR      Where it was read: topic/partition@offset.
SELECT
    event_id, event_time, account_id, 'signup' AS event,
    concat_ws(' · ', program, email_domain, ip_prefix, user_agent) AS what,
    _topic || '/' || _partition || '@' || _offset AS address
FROM all_signup
UNION ALL
SELECT
    event_id, event_time, account_id, 'payment',
    concat_ws(' · ', payment_method || ' ' || outcome, amount_minor || ' ' || currency, card_funding, card_country),
    _topic || '/' || _partition || '@' || _offset
FROM all_payment
UNION ALL
SELECT
    event_id, event_time, account_id, 'usage',
    concat_ws(' · ', status || ' ' || model, task, stop_reason, input_tokens || ' in', output_tokens || ' out', ip_prefix),
    _topic || '/' || _partition || '@' || _offset
FROM all_usage
UNION ALL
SELECT
    event_id, event_time, account_id, 'action',
    concat_ws(' · ', action, verdict, reason, actor),
    _topic || '/' || _partition || '@' || _offset
FROM all_action
